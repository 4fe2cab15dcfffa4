"""Factors of small numbers, as ``rescaling.h`` reads them."""

from __future__ import annotations

from ember_infer_firmware.step import Value

__all__ = ["rescaling"]

_INT32_END = 1 << 31
_MAX_RIGHT_SHIFT = 30  # beyond it nothing but zeros comes out


def rescaling(name: str, multiplier: int, shift: int, largest: int, left_shift: int = 0) -> dict[str, Value] | None:
    """The fields of ``struct ember_rescaling``, which is a kernel struct's field of this name.

    Args:
        name: of the field.
        multiplier, shift: of MultiplyByQuantizedMultiplier.
        largest: what the absolute values of the numbers do not exceed.
        left_shift: of the numbers beforehand.

    Returns:
        None where a number may be too large.
    """
    left = max(shift, 0) + left_shift + 1
    right = min(max(-shift, 0), _MAX_RIGHT_SHIFT)
    if (largest << left) + (1 << right) >= _INT32_END:
        return None
    return {
        f"{name}.left": left,
        f"{name}.multiplier": multiplier,
        f"{name}.half": 1 << right,
        f"{name}.right": right + 1,
    }
