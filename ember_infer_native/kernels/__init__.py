"""The kernels: for each operator a module that plans its steps, and C headers that compute them."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ember_infer_native.kernels.operator import NativeOperator
    from ember_infer_native.plan import Kernel

__all__ = ["KERNELS", "all_kernels", "native_operator"]

# Operator -> ``module:constant`` here, a NativeOperator, or ``module:function``, which makes one for the operator's
# name. A new operator adds its line.
KERNELS: Mapping[str, str] = {
    "abs": "float_functions:float_operator",
    "add": "linear_pairs:ADD",
    "add_n": "add_n:ADD_N",
    "arg_max": "arg_max:ARG_MAX",
    "arg_min": "arg_max:ARG_MIN",
    "avg_pool": "pool:AVG_POOL",
    "batch_matmul": "batch_matmul:BATCH_MATMUL",
    "batch_to_space_nd": "movement:MOVEMENT",
    "broadcast_to": "movement:MOVEMENT",
    "cast": "convert:CAST",
    "ceil": "float_functions:float_operator",
    "circular_buffer": "circular_buffer:CIRCULAR_BUFFER",
    "concatenation": "movement:MOVEMENT",
    "conv2d": "conv2d:CONV2D",
    "cos": "float_functions:float_operator",
    "cumsum": "cumsum:CUMSUM",
    "depth_to_space": "movement:MOVEMENT",
    "depthwise_conv2d": "depthwise_conv2d:DEPTHWISE_CONV2D",
    "dequantize": "convert:DEQUANTIZE",
    "div": "arithmetic:arithmetic_operator",
    "dynamic_update_slice": "movement:MOVEMENT",
    "elu": "float_functions:float_operator",
    "equal": "arithmetic:arithmetic_operator",
    "exp": "float_functions:float_operator",
    "fill": "movement:MOVEMENT",
    "floor": "float_functions:float_operator",
    "floor_div": "arithmetic:arithmetic_operator",
    "floor_mod": "arithmetic:arithmetic_operator",
    "fully_connected": "fully_connected:FULLY_CONNECTED",
    "gather": "gather:GATHER",
    "gather_nd": "gather:GATHER",
    "greater": "arithmetic:arithmetic_operator",
    "greater_equal": "arithmetic:arithmetic_operator",
    "hard_swish": "float_functions:float_operator",
    "l2_normalization": "l2_normalization:L2_NORMALIZATION",
    "leaky_relu": "float_functions:float_operator",
    "less": "arithmetic:arithmetic_operator",
    "less_equal": "arithmetic:arithmetic_operator",
    "log": "float_functions:float_operator",
    "log_softmax": "log_softmax:LOG_SOFTMAX",
    "logical_and": "arithmetic:arithmetic_operator",
    "logical_not": "lookup:LOOKUP",
    "logical_or": "arithmetic:arithmetic_operator",
    "logistic": "float_functions:float_operator",
    "max_pool": "pool:MAX_POOL",
    "maximum": "arithmetic:arithmetic_operator",
    "mean": "reduction:MEAN",
    "minimum": "arithmetic:arithmetic_operator",
    "mirror_pad": "movement:MOVEMENT",
    "mul": "mul:MUL",
    "neg": "float_functions:float_operator",
    "not_equal": "arithmetic:arithmetic_operator",
    "pack": "movement:MOVEMENT",
    "pad": "movement:MOVEMENT",
    "padv2": "movement:MOVEMENT",
    "prelu": "arithmetic:arithmetic_operator",
    "quantize": "convert:QUANTIZE",
    "reduce_all": "reduction:REDUCE_ALL",
    "reduce_max": "reduction:REDUCE_MAX",
    "reduce_min": "reduction:REDUCE_MIN",
    "relu": "float_functions:float_operator",
    "relu6": "float_functions:float_operator",
    "reshape": "reshape:RESHAPE",
    "resize_bilinear": "resize_bilinear:RESIZE_BILINEAR",
    "resize_nearest_neighbor": "resize_nearest_neighbor:RESIZE_NEAREST_NEIGHBOR",
    "reverse_v2": "movement:MOVEMENT",
    "round": "float_functions:float_operator",
    "rsqrt": "float_functions:float_operator",
    "select_v2": "select_v2:SELECT_V2",
    "sin": "float_functions:float_operator",
    "slice": "movement:MOVEMENT",
    "softmax": "softmax:SOFTMAX",
    "space_to_batch_nd": "movement:MOVEMENT",
    "space_to_depth": "movement:MOVEMENT",
    "split": "movement:MOVEMENT",
    "split_v": "movement:MOVEMENT",
    "sqrt": "float_functions:float_operator",
    "square": "float_functions:float_operator",
    "squared_difference": "arithmetic:arithmetic_operator",
    "strided_slice": "movement:MOVEMENT",
    "sub": "linear_pairs:SUB",
    "sum": "reduction:MEAN",
    "svdf": "svdf:SVDF",
    "tanh": "float_functions:float_operator",
    "transpose": "movement:MOVEMENT",
    "transpose_conv": "transpose_conv:TRANSPOSE_CONV",
    "unidirectional_sequence_lstm": "unidirectional_sequence_lstm:UNIDIRECTIONAL_SEQUENCE_LSTM",
    "unpack": "movement:MOVEMENT",
    "zeros_like": "movement:MOVEMENT",
}


@functools.cache
def native_operator(name: str) -> NativeOperator:
    """What there is for an operator, loaded on first use: a model in the cache needs none, others few."""
    module, _, attribute = KERNELS[name].partition(":")
    found = getattr(importlib.import_module(f"ember_infer_native.kernels.{module}"), attribute)
    operator: NativeOperator = found(name) if callable(found) else found
    return operator


def all_kernels() -> tuple[Kernel, ...]:
    """Every C function that any operator, or the planner itself, may call."""
    from ember_infer_native.kernels.copies import COPY
    from ember_infer_native.plan import FILL

    return tuple(dict.fromkeys([COPY, FILL, *(kernel for name in KERNELS for kernel in native_operator(name).kernels)]))
