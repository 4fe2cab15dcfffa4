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

# Operator -> ``module:constant`` here, a NativeOperator. A new operator adds its line.
KERNELS: Mapping[str, str] = {
    "add": "add:ADD",
    "avg_pool": "pool:AVG_POOL",
    "batch_matmul": "batch_matmul:BATCH_MATMUL",
    "conv2d": "conv2d:CONV2D",
    "depthwise_conv2d": "depthwise_conv2d:DEPTHWISE_CONV2D",
    "fully_connected": "fully_connected:FULLY_CONNECTED",
    "max_pool": "pool:MAX_POOL",
    "mul": "mul:MUL",
    "reshape": "reshape:RESHAPE",
    "resize_bilinear": "resize_bilinear:RESIZE_BILINEAR",
    "softmax": "softmax:SOFTMAX",
    "transpose_conv": "transpose_conv:TRANSPOSE_CONV",
}


@functools.cache
def native_operator(name: str) -> NativeOperator:
    """What there is for an operator, loaded on first use: a model in the cache needs none, others few."""
    module, _, constant = KERNELS[name].partition(":")
    found: NativeOperator = getattr(importlib.import_module(f"ember_infer_native.kernels.{module}"), constant)
    return found


def all_kernels() -> tuple[Kernel, ...]:
    """Every C function that any operator, or the planner itself, may call."""
    from ember_infer_native.kernels.copies import COPY
    from ember_infer_native.plan import FILL

    return tuple(dict.fromkeys([COPY, FILL, *(kernel for name in KERNELS for kernel in native_operator(name).kernels)]))
