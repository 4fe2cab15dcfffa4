"""The operators: for each its parameters, and ``prepare``, which makes them as TensorFlow Lite Micro's Prepare does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ember_infer_core.ops.movement import move
from ember_infer_core.ops.reshape import reshape

__all__ = ["DEFAULTS", "OPERATORS"]

# Operator, which is a method of KernelBackend -> its module here. A new operator adds its line.
OPERATORS: Mapping[str, str] = {
    "abs": "abs",
    "add": "add",
    "add_n": "add_n",
    "avg_pool": "pool",
    "batch_matmul": "batch_matmul",
    "cast": "cast",
    "ceil": "float_functions",
    "concatenation": "concatenation",
    "conv2d": "conv2d",
    "cos": "float_functions",
    "depthwise_conv2d": "depthwise_conv2d",
    "dequantize": "dequantize",
    "div": "div",
    "elu": "elu",
    "equal": "comparisons",
    "exp": "float_functions",
    "floor": "float_functions",
    "floor_div": "div",
    "floor_mod": "div",
    "fully_connected": "fully_connected",
    "greater": "comparisons",
    "greater_equal": "comparisons",
    "hard_swish": "hard_swish",
    "leaky_relu": "leaky_relu",
    "less": "comparisons",
    "less_equal": "comparisons",
    "log": "float_functions",
    "logical_and": "logical",
    "logical_not": "logical",
    "logical_or": "logical",
    "logistic": "logistic",
    "max_pool": "pool",
    "maximum": "maximum_minimum",
    "mean": "mean",
    "minimum": "maximum_minimum",
    "mul": "mul",
    "neg": "float_functions",
    "not_equal": "comparisons",
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
    "round": "float_functions",
    "rsqrt": "rsqrt",
    "sin": "float_functions",
    "softmax": "softmax",
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
}

# Operators that every backend has, because the contract itself can do them.
DEFAULTS: Mapping[str, Callable[[Any], None]] = {
    "concatenation": move,
    "pad": move,
    "padv2": move,
    "reshape": reshape,
    "split": move,
    "split_v": move,
    "strided_slice": move,
    "transpose": move,
}
