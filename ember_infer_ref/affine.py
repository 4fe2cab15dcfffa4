"""One multiplication and one addition in floating point that requantise exactly, and the proof that they do.

Requantisation is a staircase: int8 as a function of the accumulator, constant but for a step up at each of at most 255
thresholds, which integer arithmetic gives exactly. ``floor(accumulator * scale + offset)`` in floating point is a
staircase too, since rounding never reverses an order. Two staircases are equal wherever an accumulator can go if and
only if they agree on both sides of every threshold in that range. So a formula is fitted to the thresholds, evaluated
there with the very operations the kernel will use, and either proved equal or refused.

TensorFlow Lite Micro rounds ties away from zero, after a first rounding that is coarser than one accumulator step: the
steps above zero come a little early, those below a little late, and no straight line meets both. Where both can be
reached, the formula gets a jump at zero: ``y = z + clip(z, knee_low, knee_high)``, with knees so close to each other
that only the accumulator 0 falls between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.staircase import BoolArray, Float64Array, Int64Array, Staircase

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
FloatType: TypeAlias = type[np.float32] | type[np.float64]

__all__ = [
    "Affine",
    "FloatArray",
    "FloatType",
    "Int64Array",
    "evaluate",
    "fit_affine",
    "join",
]

# Formulas tried, in this order: neighbours of the scale in units of its last place, places in the range of offsets.
_SCALE_NUDGES = (0, 1, -1, 2, -2, 3, -3)
_OFFSET_FRACTIONS = (0.5, 0.3, 0.7, 0.1, 0.9, 0.4, 0.6)


@dataclass(frozen=True, slots=True)
class Affine:
    """``z = accumulator * scale + offset``, then ``y = z`` or ``y = z + clip(z, knee_low, knee_high)``, each ``(C,)``.

    ``floor(y)``, clamped, is the int8 result plus 128.
    """

    scale: FloatArray
    offset: FloatArray
    knee_low: FloatArray | None = None
    knee_high: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class _Channels:
    """Channels that want a formula: their staircase, and the ideal formula's numbers, each ``(C,)``."""

    steps: Staircase
    scale: Float64Array
    jump: Float64Array
    bias: Int64Array

    def select(self, which: BoolArray) -> _Channels:
        """Some of them."""
        steps = self.steps
        some = Staircase(steps.levels, steps.sides, steps.points[which], steps.reached[which])
        return _Channels(some, self.scale[which], self.jump[which], self.bias[which])


def fit_affine(
    steps: Staircase, multiplier: Int64Array, shift: Int64Array, bias: Int64Array, dtype: FloatType
) -> Affine | None:
    """A formula in ``dtype`` that is proved equal to the staircase in every channel, or None.

    ``dtype`` must hold every accumulator that can occur exactly.
    """
    right = np.minimum(shift, 0).astype(np.int32)
    scale = np.ldexp(multiplier.astype(np.float64), (shift - 31).astype(np.int32))
    straight = np.zeros(len(scale))
    kinked = np.where(right < 0, np.ldexp(0.5, right), 0.0)
    for jump in (straight, kinked):
        channels = _Channels(steps, scale, jump, bias)
        lower, upper = _offset_range(channels, scale)
        if (lower < upper).all():
            found = _search(channels, dtype)
            return None if found is None else Affine(*(found if jump.any() else found[:2]))
    return None


def _search(channels: _Channels, dtype: FloatType) -> FloatArray | None:
    """Tries formulas near the ideal one until each channel has one that is proved: ``(4, C)``, or None."""
    found: FloatArray = np.empty((4, len(channels.scale)), dtype)
    still_open: npt.NDArray[np.int64] = np.arange(len(channels.scale), dtype=np.int64)
    for nudge in _SCALE_NUDGES:
        scale = _neighbour(channels.scale.astype(dtype), nudge)
        lower, upper = _offset_range(channels, scale.astype(np.float64))
        for fraction in _OFFSET_FRACTIONS:
            formula = _formula(channels, scale, lower + (upper - lower) * fraction)
            proved = _agrees(channels.steps, formula)
            found[:, still_open[proved]] = formula[:, proved]
            if proved.all():
                return found
            if proved.any():
                keep = ~proved
                still_open, scale, lower, upper = still_open[keep], scale[keep], lower[keep], upper[keep]
                channels = channels.select(keep)
        if 4 * len(still_open) > found.shape[1]:
            return None  # steps nearly as fine as the type's precision: not worth more time
    return None


def _neighbour(scale: FloatArray, distance: int) -> FloatArray:
    """The value so many units in the last place away; zero stays zero."""
    neighbour = scale
    for _ in range(abs(distance)):
        neighbour = np.nextafter(neighbour, np.asarray(np.inf if distance > 0 else 0.0, scale.dtype))
    return np.where(scale > 0, neighbour, scale)


def _offset_range(channels: _Channels, scale: Float64Array) -> tuple[Float64Array, Float64Array]:
    """For each channel the offsets, from the first to just below the second, that put every step in its place."""
    steps = channels.steps
    wanted = steps.levels - steps.points * scale[:, None]
    if channels.jump.any():
        wanted -= steps.sides * channels.jump[:, None]
    lower = np.where(steps.reached, wanted, -np.inf).max(1, initial=-np.inf)
    upper = np.where(steps.reached, np.inf, wanted).min(1, initial=np.inf)
    # With no step to one side, anything within a level will do.
    lower = np.where(np.isfinite(lower), lower, np.where(np.isfinite(upper), upper - 1.0, 0.5))
    upper = np.where(np.isfinite(upper), upper, lower + 1.0)
    return lower, upper


def _formula(channels: _Channels, scale: FloatArray, offset: Float64Array) -> FloatArray:
    """Scale, offset, lower and upper knee, ``(4, C)``, all rounded to the scale's type."""
    exact_scale = scale.astype(np.float64)
    middle = (offset - channels.bias * exact_scale) / 2  # half the value where accumulator and bias cancel
    kinked = channels.jump > 0
    formula: FloatArray = np.empty((4, len(scale)), scale.dtype)
    formula[0] = scale
    formula[1] = np.where(kinked, offset - middle, offset)
    formula[2] = np.where(kinked, middle - channels.jump, 0.0)
    formula[3] = np.where(kinked, middle + channels.jump, 0.0)
    return formula


def _agrees(steps: Staircase, formula: FloatArray) -> BoolArray:
    """For each channel, whether the formula is right on both sides of every threshold."""
    values: FloatArray = steps.points.astype(formula.dtype)
    evaluate(Affine(*formula[:, :, None]), values, np.empty_like(values))
    agreed: BoolArray = np.all((values >= steps.levels) == steps.reached, axis=1)
    return agreed


def join(formulas: Sequence[Affine]) -> Affine:
    """One formula for the channels of all, in order; where any has knees, knees of 0 do nothing for the others."""
    scale = np.concatenate([formula.scale for formula in formulas])
    offset = np.concatenate([formula.offset for formula in formulas])
    if all(formula.knee_low is None for formula in formulas):
        return Affine(scale, offset)
    low, high = (
        np.concatenate([np.zeros_like(formula.scale) if knee is None else knee for formula, knee in knees])
        for knees in (
            [(formula, formula.knee_low) for formula in formulas],
            [(formula, formula.knee_high) for formula in formulas],
        )
    )
    return Affine(scale, offset, low, high)


def evaluate(formula: Affine, values: FloatArray, temporary: FloatArray) -> None:
    """Turns accumulators into the formula's values, in place. The proof and the kernels both go through here."""
    np.multiply(values, formula.scale, out=values)
    np.add(values, formula.offset, out=values)
    if formula.knee_low is not None and formula.knee_high is not None:
        np.maximum(values, formula.knee_low, out=temporary)
        np.minimum(temporary, formula.knee_high, out=temporary)
        np.add(values, temporary, out=values)
