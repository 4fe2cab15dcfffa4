"""Which function computes which operator."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping

__all__ = ["KERNELS", "kernel"]

# Operator -> ``module:function`` here. A new operator adds its line.
KERNELS: Mapping[str, str] = {
    "add": "pairs:pairs",
    "avg_pool": "pool:avg_pool",
    "cast": "cast:cast",
    "conv2d": "conv2d:conv2d",
    "depthwise_conv2d": "depthwise_conv2d:depthwise_conv2d",
    "dequantize": "dequantize:dequantize",
    "fully_connected": "fully_connected:fully_connected",
    "max_pool": "pool:max_pool",
    "maximum": "pairs:pairs",
    "minimum": "pairs:pairs",
    "mul": "pairs:pairs",
    "quantize": "quantize:quantize",
    "reshape": "reshape:reshape",
    "softmax": "softmax:softmax",
    "sub": "pairs:pairs",
}


@functools.cache
def kernel(operator: str) -> Callable[..., None]:
    """The function, loaded on first use: a model needs few of them."""
    module, _, function = KERNELS[operator].partition(":")
    found: Callable[..., None] = getattr(importlib.import_module(f"ember_infer_ref.{module}"), function)
    return found
