"""Which function computes which operator."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping

__all__ = ["KERNELS", "kernel"]

# Operator -> ``module:function`` here. A new operator adds its line.
KERNELS: Mapping[str, str] = {
    "add": "pairs:pairs",
    "add_n": "add_n:add_n",
    "avg_pool": "pool:avg_pool",
    "cast": "cast:cast",
    "conv2d": "conv2d:conv2d",
    "depthwise_conv2d": "depthwise_conv2d:depthwise_conv2d",
    "dequantize": "dequantize:dequantize",
    "div": "pairs:pairs",
    "equal": "pairs:pairs",
    "floor_div": "pairs:pairs",
    "floor_mod": "pairs:pairs",
    "fully_connected": "fully_connected:fully_connected",
    "greater": "pairs:pairs",
    "greater_equal": "pairs:pairs",
    "less": "pairs:pairs",
    "less_equal": "pairs:pairs",
    "logical_and": "pairs:pairs",
    "logical_not": "logical:logical_not",
    "logical_or": "pairs:pairs",
    "max_pool": "pool:max_pool",
    "maximum": "pairs:pairs",
    "minimum": "pairs:pairs",
    "mul": "pairs:pairs",
    "not_equal": "pairs:pairs",
    "prelu": "pairs:pairs",
    "quantize": "quantize:quantize",
    "reshape": "reshape:reshape",
    "softmax": "softmax:softmax",
    "squared_difference": "pairs:pairs",
    "sub": "pairs:pairs",
}


@functools.cache
def kernel(operator: str) -> Callable[..., None]:
    """The function, loaded on first use: a model needs few of them."""
    module, _, function = KERNELS[operator].partition(":")
    found: Callable[..., None] = getattr(importlib.import_module(f"ember_infer_ref.{module}"), function)
    return found
