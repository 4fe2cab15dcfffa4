"""The kernels: for each operator a module that plans its calls, and C headers that compute them."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from ember_infer_firmware.step import Kernel, Step

__all__ = ["KERNELS", "Planner", "all_kernels", "planner"]

# ``(context, params, **operands)`` -> the calls of a layer. Operands that are inputs, outputs or states come as
# :class:`~ember_infer_firmware.step.Place`, constants as arrays, those that are left out as None, and of an operand
# that is many a tuple.
Planner: TypeAlias = Callable[..., Iterable[Step]]

# Operator -> its module here, which has a function ``plan`` and names its C functions in ``KERNELS``; or
# ``module:function``, where several operators share a module and each has a planner of its own; or ``module:mapping``,
# which has them by the operators' names.
# A new operator adds its line.
KERNELS: Mapping[str, str] = {
    "abs": "float_functions:PLANNERS",
    "add": "pairs",
    "add_n": "add_n",
    "arg_max": "arg_max:plan_greatest",
    "arg_min": "arg_max:plan_least",
    "avg_pool": "pool:plan_avg_pool",
    "batch_matmul": "batch_matmul",
    "batch_to_space_nd": "movement",
    "broadcast_to": "movement",
    "cast": "convert:plan_cast",
    "ceil": "float_functions:PLANNERS",
    "circular_buffer": "circular_buffer",
    "concatenation": "movement",
    "conv2d": "conv2d",
    "cos": "float_functions:PLANNERS",
    "cumsum": "cumsum",
    "depth_to_space": "movement",
    "depthwise_conv2d": "depthwise_conv2d",
    "dequantize": "convert:plan_dequantize",
    "div": "pairs",
    "dynamic_update_slice": "movement",
    "elu": "float_functions:PLANNERS",
    "equal": "pairs",
    "exp": "float_functions:PLANNERS",
    "fill": "movement",
    "floor": "float_functions:PLANNERS",
    "floor_div": "pairs",
    "floor_mod": "pairs",
    "fully_connected": "fully_connected",
    "gather": "gather",
    "gather_nd": "gather",
    "greater": "pairs",
    "greater_equal": "pairs",
    "hard_swish": "float_functions:PLANNERS",
    "l2_normalization": "l2_normalization",
    "leaky_relu": "float_functions:PLANNERS",
    "less": "pairs",
    "less_equal": "pairs",
    "log": "float_functions:PLANNERS",
    "log_softmax": "log_softmax",
    "logical_and": "pairs",
    "logical_not": "lookup",
    "logical_or": "pairs",
    "logistic": "float_functions:PLANNERS",
    "max_pool": "pool:plan_max_pool",
    "maximum": "pairs",
    "mean": "reduction:plan_mean",
    "minimum": "pairs",
    "mirror_pad": "movement",
    "mul": "pairs",
    "neg": "float_functions:PLANNERS",
    "not_equal": "pairs",
    "pack": "movement",
    "pad": "movement",
    "padv2": "movement",
    "prelu": "pairs",
    "quantize": "convert:plan_quantize",
    "reduce_all": "reduction:plan_least",
    "reduce_max": "reduction:plan_greatest",
    "reduce_min": "reduction:plan_least",
    "relu": "float_functions:PLANNERS",
    "relu6": "float_functions:PLANNERS",
    "reshape": "reshape",
    "resize_bilinear": "resize_bilinear",
    "resize_nearest_neighbor": "resize_nearest_neighbor",
    "reverse_v2": "movement",
    "round": "float_functions:PLANNERS",
    "rsqrt": "float_functions:PLANNERS",
    "select_v2": "select_v2",
    "sin": "float_functions:PLANNERS",
    "slice": "movement",
    "softmax": "softmax",
    "space_to_batch_nd": "movement",
    "space_to_depth": "movement",
    "split": "movement",
    "split_v": "movement",
    "sqrt": "float_functions:PLANNERS",
    "square": "float_functions:PLANNERS",
    "squared_difference": "pairs",
    "strided_slice": "movement",
    "sub": "pairs",
    "sum": "reduction:plan_mean",
    "svdf": "svdf",
    "tanh": "float_functions:PLANNERS",
    "transpose": "movement",
    "transpose_conv": "transpose_conv",
    "unidirectional_sequence_lstm": "unidirectional_sequence_lstm",
    "unpack": "movement",
    "zeros_like": "movement",
}


def planner(operator: str) -> Planner:
    """How an operator is planned."""
    _, _, attribute = KERNELS[operator].partition(":")
    found: Planner | Mapping[str, Planner] = getattr(_module(operator), attribute or "plan")
    return found[operator] if isinstance(found, Mapping) else found


def all_kernels() -> tuple[Kernel, ...]:
    """Every C function that some operator calls."""
    return tuple(dict.fromkeys(kernel for operator in KERNELS for kernel in _module(operator).KERNELS))


@functools.cache
def _module(operator: str) -> Any:  # modules of the same shape
    module, _, _ = KERNELS[operator].partition(":")
    return importlib.import_module(f"ember_infer_firmware.kernels.{module}")
