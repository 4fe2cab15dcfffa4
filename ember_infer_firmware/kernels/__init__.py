"""The kernels: for each operator a module that plans its calls, and C headers that compute them."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from ember_infer_firmware.step import Kernel, Step

__all__ = ["KERNELS", "Planner", "all_kernels", "planner"]

# ``(context, params, **operands)`` -> the calls of a layer. Operands that are inputs, outputs or states come as
# :class:`~ember_infer_firmware.step.Place`, constants as arrays, those that are left out as None, and of an operand
# that is many a tuple.
Planner: TypeAlias = Callable[..., Iterable[Step]]

# Operator -> its module here, which has a function ``plan`` and names its C functions in ``KERNELS``; or
# ``module:function``, where several operators share a module and each has a planner of its own.
# A new operator adds its line.
KERNELS: Mapping[str, str] = {
    "avg_pool": "pool:plan_avg_pool",
    "conv2d": "conv2d",
    "depthwise_conv2d": "depthwise_conv2d",
    "fully_connected": "fully_connected",
    "max_pool": "pool:plan_max_pool",
    "reshape": "reshape",
    "softmax": "softmax",
}


def planner(operator: str) -> Planner:
    """How an operator is planned."""
    _, _, function = KERNELS[operator].partition(":")
    found: Planner = getattr(_module(operator), function or "plan")
    return found


def all_kernels() -> tuple[Kernel, ...]:
    """Every C function that some operator calls."""
    return tuple(dict.fromkeys(kernel for operator in KERNELS for kernel in _module(operator).KERNELS))


@functools.cache
def _module(operator: str):  # type: ignore[no-untyped-def]  # modules of the same shape
    module, _, _ = KERNELS[operator].partition(":")
    return importlib.import_module(f"ember_infer_firmware.kernels.{module}")
