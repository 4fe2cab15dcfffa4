"""Calls of CMSIS-NN, Arm's library for Cortex-M, where it computes what TensorFlow Lite Micro does."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["KERNELS"]

# Operator -> ``module:function`` here, which plans it and raises Declined for what is the reference kernels'.
KERNELS: Mapping[str, str] = {
    "add": "add:plan",
    "avg_pool": "pool:plan_avg_pool",
    "conv2d": "conv2d:plan",
    "depthwise_conv2d": "depthwise_conv2d:plan",
    "fully_connected": "fully_connected:plan",
    "max_pool": "pool:plan_max_pool",
    "mul": "mul:plan",
    "softmax": "softmax:plan",
}
