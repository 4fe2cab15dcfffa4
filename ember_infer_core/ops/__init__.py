"""The operators: for each its parameters, and ``prepare``, which makes them as TensorFlow Lite Micro's Prepare does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ember_infer_core.ops.reshape import reshape

__all__ = ["DEFAULTS", "OPERATORS"]

# Operator, which is a method of KernelBackend -> its module here. A new operator adds its line.
OPERATORS: Mapping[str, str] = {
    "add": "add",
    "avg_pool": "pool",
    "conv2d": "conv2d",
    "depthwise_conv2d": "depthwise_conv2d",
    "fully_connected": "fully_connected",
    "hard_swish": "hard_swish",
    "leaky_relu": "leaky_relu",
    "logistic": "logistic",
    "max_pool": "pool",
    "mul": "mul",
    "relu": "relu",
    "relu6": "relu6",
    "reshape": "reshape",
    "softmax": "softmax",
    "tanh": "tanh",
}

# Operators that every backend has, because the contract itself can do them.
DEFAULTS: Mapping[str, Callable[[Any], None]] = {"reshape": reshape}
