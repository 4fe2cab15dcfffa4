"""Which calls the Rust backend ``ember-esp-nn`` gives to ESP-NN's portable (ANSI C) kernels: slower, and exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ember_infer_core import FullyConnectedParams, PoolParams

if TYPE_CHECKING:
    from ember_esp.scratch import Chip
    from ember_infer_core import OperatorParams

__all__ = ["VECTOR_ALIGNMENT", "ansi_reason", "inputs_are_aligned", "is_aligned"]

VECTOR_ALIGNMENT = 16


def ansi_reason(chip: Chip, method: str, params: OperatorParams, aligned: bool) -> str | None:
    """Why this call runs on an ANSI C kernel; None if it runs on an optimised one.

    Args:
        chip: only the ESP32-S3's vector unit needs fallbacks.
        method: of :class:`ember_infer_core.KernelBackend`.
        params: of the call.
        aligned: whether all inputs start at multiples of 16, as they do in an arena.
    """
    if chip != "esp32s3":
        return None
    if not aligned:
        return "an input is not 16-byte aligned"
    if isinstance(params, FullyConnectedParams):
        if params.weights_offset != 0:
            return "the weights have a zero point"
        return "rows of under 16 bytes" if params.weights_shape[1] < 16 else None
    if method == "max_pool" and isinstance(params, PoolParams) and (params.pad_h or params.pad_w):
        return "padding"
    return None


def inputs_are_aligned(params: OperatorParams) -> bool:
    """Whether every input of a bound call starts at a multiple of 16."""
    inputs = [operand.name for operand in params.OPERANDS if operand.name.startswith("input")]
    return all(is_aligned(getattr(params, name)) for name in inputs)


def is_aligned(array: Any) -> bool:
    """Whether an array starts at a multiple of 16."""
    return bool(array.ctypes.data % VECTOR_ALIGNMENT == 0)
