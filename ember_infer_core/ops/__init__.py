"""The operators: for each its parameters, and ``prepare``, which makes them as TensorFlow Lite Micro's Prepare does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ember_infer_core.ops.gather import gather
from ember_infer_core.ops.movement import move
from ember_infer_core.ops.reshape import reshape
from ember_infer_core.ops.resize_nearest_neighbor import resize_nearest_neighbor
from ember_infer_core.ops.select_v2 import select_v2

__all__ = ["DEFAULTS", "INT8_AT_FIRST", "OPERATORS"]

# Operator, which is a method of KernelBackend -> its module here. A new operator adds its line.
OPERATORS: Mapping[str, str] = {
    "abs": "abs",
    "add": "add",
    "add_n": "add_n",
    "arg_max": "arg_max",
    "arg_min": "arg_max",
    "avg_pool": "pool",
    "batch_matmul": "batch_matmul",
    "batch_to_space_nd": "space_to_batch_nd",
    "broadcast_to": "broadcast_to",
    "cast": "cast",
    "ceil": "float_functions",
    "concatenation": "concatenation",
    "conv2d": "conv2d",
    "cos": "float_functions",
    "cumsum": "cumsum",
    "depth_to_space": "space_to_depth",
    "depthwise_conv2d": "depthwise_conv2d",
    "dequantize": "dequantize",
    "div": "div",
    "dynamic_update_slice": "dynamic_update_slice",
    "elu": "elu",
    "equal": "comparisons",
    "exp": "float_functions",
    "fill": "fill",
    "floor": "float_functions",
    "floor_div": "div",
    "floor_mod": "div",
    "fully_connected": "fully_connected",
    "gather": "gather",
    "gather_nd": "gather",
    "greater": "comparisons",
    "greater_equal": "comparisons",
    "hard_swish": "hard_swish",
    "l2_normalization": "l2_normalization",
    "leaky_relu": "leaky_relu",
    "less": "comparisons",
    "less_equal": "comparisons",
    "log": "float_functions",
    "log_softmax": "log_softmax",
    "logical_and": "logical",
    "logical_not": "logical",
    "logical_or": "logical",
    "logistic": "logistic",
    "max_pool": "pool",
    "maximum": "maximum_minimum",
    "mean": "mean",
    "minimum": "maximum_minimum",
    "mirror_pad": "mirror_pad",
    "mul": "mul",
    "neg": "float_functions",
    "not_equal": "comparisons",
    "pack": "pack",
    "pad": "pad",
    "padv2": "pad",
    "prelu": "prelu",
    "quantize": "quantize",
    "reduce_all": "reduction",
    "reduce_max": "reduction",
    "reduce_min": "reduction",
    "relu": "relu",
    "relu6": "relu6",
    "reshape": "reshape",
    "resize_bilinear": "resize_bilinear",
    "resize_nearest_neighbor": "resize_nearest_neighbor",
    "reverse_v2": "reverse_v2",
    "round": "float_functions",
    "rsqrt": "rsqrt",
    "select_v2": "select_v2",
    "sin": "float_functions",
    "slice": "slice",
    "softmax": "softmax",
    "space_to_batch_nd": "space_to_batch_nd",
    "space_to_depth": "space_to_depth",
    "split": "split",
    "split_v": "split",
    "sqrt": "float_functions",
    "square": "float_functions",
    "squared_difference": "squared_difference",
    "strided_slice": "strided_slice",
    "sub": "sub",
    "sum": "mean",
    "tanh": "tanh",
    "transpose": "transpose",
    "transpose_conv": "transpose_conv",
    "unpack": "pack",
    "zeros_like": "fill",
}

# Operators that every backend has, because the contract itself can do them.
DEFAULTS: Mapping[str, Callable[[Any], None]] = {
    "batch_to_space_nd": move,
    "broadcast_to": move,
    "concatenation": move,
    "depth_to_space": move,
    "dynamic_update_slice": move,
    "fill": move,
    "gather": gather,
    "gather_nd": gather,
    "mirror_pad": move,
    "pack": move,
    "pad": move,
    "padv2": move,
    "reshape": reshape,
    "resize_nearest_neighbor": resize_nearest_neighbor,
    "reverse_v2": move,
    "select_v2": select_v2,
    "slice": move,
    "space_to_batch_nd": move,
    "space_to_depth": move,
    "split": move,
    "split_v": move,
    "strided_slice": move,
    "transpose": move,
    "unpack": move,
    "zeros_like": move,
}

# Operators of the contract's first version, which knew no activations but int8.
INT8_AT_FIRST = frozenset(
    {"add", "avg_pool", "conv2d", "depthwise_conv2d", "fully_connected", "max_pool", "mul", "softmax"}
)
