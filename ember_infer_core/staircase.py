"""Requantisation as a staircase: where its steps are, exactly.

The int8 result as a function of the accumulator is constant but for a step up at each of at most 255 thresholds, which
integer arithmetic gives exactly. Whatever computes the same function with a formula that never reverses an order needs
to be checked on both sides of each threshold only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

BoolArray: TypeAlias = npt.NDArray[np.bool_]
Int64Array: TypeAlias = npt.NDArray[np.int64]
Float64Array: TypeAlias = npt.NDArray[np.float64]

__all__ = ["UINT8_OFFSET", "Staircase", "staircase"]

# Levels are int8 values plus 128: never negative, so that a conversion that truncates is a floor.
UINT8_OFFSET = 128


@dataclass(frozen=True, slots=True)
class Staircase:
    """Exact requantisation in C channels, told by points next to each of the N thresholds, one on either side.

    Where a threshold lies beyond the accumulators that can occur, both of its points are the last one that can.

    Attributes:
        levels: ``(2 N,)``, every result but the least, plus 128; each twice.
        sides: ``(2 N,)``, 1 for levels above the output's zero point, -1 for the others.
        points: ``(C, 2 N)``, the accumulators on either side, which float64 holds exactly.
        reached: ``(C, 2 N)``, whether the point's result is that level or more.
    """

    levels: Float64Array
    sides: Float64Array
    points: Float64Array
    reached: BoolArray


def staircase(
    multiplier: Int64Array,
    shift: Int64Array,
    bias: Int64Array,
    low: Int64Array,
    high: Int64Array,
    zero_point: int,
    activation_min: int,
    activation_max: int,
    rounding: Literal["double", "single"],
) -> Staircase:
    """The staircase of ``accumulator + bias``, scaled by ``multiplier * 2**(shift - 31)``, offset and clamped.

    The accumulators that can occur in each channel are those from ``low`` to ``high``; the caller has made sure that no
    step of the integer arithmetic leaves int32 on any of them.
    """
    levels = np.arange(activation_min + 1, activation_max + 1)
    multiplier, shift, bias, low, high = (vector[:, None] for vector in (multiplier, shift, bias, low, high))
    least = _least_double if rounding == "double" else _least_single
    scaled = levels - zero_point
    first = least(scaled, multiplier, shift) - bias
    vanishes = (multiplier == 0) | (shift < -31)  # every accumulator becomes the zero point
    first = np.where(vanishes, np.where(scaled <= 0, low, high + 1), first)
    return Staircase(
        np.tile(levels + UINT8_OFFSET, 2).astype(np.float64),
        np.tile(np.where(scaled > 0, 1.0, -1.0), 2),
        np.hstack((np.clip(first, low, high), np.clip(first - 1, low, high))).astype(np.float64),
        np.hstack((first <= high, first <= low)),
    )


def _least_double(scaled: Int64Array, multiplier: Int64Array, shift: Int64Array) -> Int64Array:
    """Least accumulators that ``MultiplyByQuantizedMultiplier`` takes to ``scaled`` or more.

    The second rounding reaches u from ``(u - 1/2) * 2**right``, less the tie where u is not positive; the first reaches
    h where ``accumulator * 2**left * multiplier >= h * 2**31 - 2**30``.
    """
    right, left = np.clip(-shift, 0, 31), np.clip(shift, 0, 31)
    high_mul = (scaled << right) - ((np.int64(1) << right) >> 1) + ((scaled <= 0) & (right > 0))
    high_mul = np.clip(high_mul, -(2**31) - 1, 2**31)  # beyond int32: never, or always
    return _ceil_divide((high_mul << 31) - (1 << 30), np.maximum(multiplier, 1) << left)


def _least_single(scaled: Int64Array, multiplier: Int64Array, shift: Int64Array) -> Int64Array:
    """Least accumulators with ``accumulator * multiplier >= (scaled - 1/2) * 2**(31 - shift)``."""
    half = np.clip(30 - shift, 0, 61)
    limit = np.int64(1) << (62 - half)  # beyond a 62-bit product: never, or always
    return _ceil_divide(np.clip(2 * scaled - 1, -limit, limit) << half, np.maximum(multiplier, 1))


def _ceil_divide(numerator: Int64Array, denominator: Int64Array) -> Int64Array:
    quotient: Int64Array = -((-numerator) // denominator)
    return quotient
