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
    "arg_max": "arg_max:plan_greatest",
    "arg_min": "arg_max:plan_least",
    "batch_matmul": "batch_matmul",
    "batch_to_space_nd": "movement",
    "broadcast_to": "movement",
    "circular_buffer": "circular_buffer",
    "concatenation": "movement",
    "cumsum": "cumsum",
    "depth_to_space": "movement",
    "dynamic_update_slice": "movement",
    "fill": "movement",
    "fully_connected": "fully_connected",
    "gather": "gather:plan_gather",
    "gather_nd": "gather:plan_gather_nd",
    "l2_normalization": "l2_normalization",
    "log_softmax": "log_softmax",
    "mean": "reduction:plan_mean",
    "mirror_pad": "movement",
    "pack": "movement",
    "pad": "movement",
    "padv2": "movement",
    "reduce_all": "reduction:plan_least",
    "reduce_max": "reduction:plan_greatest",
    "reduce_min": "reduction:plan_least",
    "resize_bilinear": "resize_bilinear",
    "resize_nearest_neighbor": "resize_nearest_neighbor",
    "reverse_v2": "movement",
    "slice": "movement",
    "space_to_batch_nd": "movement",
    "space_to_depth": "movement",
    "split": "movement",
    "split_v": "movement",
    "strided_slice": "movement",
    "sum": "reduction:plan_mean",
    "svdf": "svdf",
    "transpose": "movement",
    "transpose_conv": "transpose_conv",
    "unidirectional_sequence_lstm": "unidirectional_sequence_lstm",
    "unpack": "movement",
    "zeros_like": "movement",
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
