"""The kernels: for each operator a C header that computes it and a module that plans its steps."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["KERNELS"]

# Operator -> its module here. A new operator adds its line.
KERNELS: Mapping[str, str] = {
    "add": "add",
    "avg_pool": "pool",
    "conv2d": "conv2d",
    "depthwise_conv2d": "depthwise_conv2d",
    "fully_connected": "fully_connected",
    "max_pool": "pool",
    "mul": "mul",
    "reshape": "reshape",
    "softmax": "softmax",
}
