"""How sums become bytes: for each channel the fastest way that is proved exact.

Requantisation is a staircase (:mod:`ember_infer_core.staircase`): it is fixed by at most 255 thresholds. The fast ways
are one fused multiply-add in float32,

- *straight*: ``round(sum * scale + offset)``,
- *kinked*: ``round(sum * scale + copysign(jump, sum)) + zero``, where both signs can come out: TensorFlow Lite Micro
  rounds ties away from zero, after a first rounding that is coarser than one step of the sum,

and neither ever reverses an order: such a formula is exact if it is right on both sides of each threshold that the
weights can reach. float32 is just about fine enough: some channels have one or two sums where it goes wrong, next to
a threshold. Those sums are known, and their results corrected. What cannot be proved is computed in 64-bit integers:
the *exact* way.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.quantization import INT32_MAX, INT32_MIN
from ember_infer_core.slots import Float32Array, Int32Array
from ember_infer_core.staircase import UINT8_OFFSET, BoolArray, Float64Array, Int64Array, staircase
from ember_infer_native.targets import Target

__all__ = ["Choice", "Formula", "Requantization", "Way", "plan_requantization"]


# Formulas tried, in this order: neighbours of the scale in units of its last place, places in the range of offsets.
_SCALE_NUDGES = (0, 1, -1, 2, -2, 3, -3)
_FRACTIONS = (0.5, 0.25, 0.75, 0.0, 1.0)
_CHANNELS_AT_ONCE = 256  # in a proof, whose arrays hold 510 points for each
_MOST_CORRECTIONS = 2
_NONE = 99  # corrections of a channel that has no formula


ChannelMap: TypeAlias = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


class Way(enum.IntEnum):
    """As in ``kernels/requantize.h``."""

    STRAIGHT = 0
    KINKED = 1
    EXACT = 2


class Choice(NamedTuple):
    """A way, and how many corrections it takes."""

    way: Way
    corrections: int = 0


@dataclass(frozen=True, slots=True)
class Formula:
    """A float32 formula for C channels, each array ``(C,)`` but for the corrections, ``(2, C)``.

    Attributes:
        needed: how many corrections make it exact; a large number where it has not been proved.
        scale: factor on the sum.
        addend: the offset of a straight formula, the jump of a kinked one.
        sums: those at which the result is corrected.
        changes: what is added there.
    """

    needed: npt.NDArray[np.uint8]
    scale: Float32Array
    addend: Float32Array
    sums: Int32Array
    changes: Int32Array

    def map(self, function: ChannelMap) -> Formula:
        """The same for the channels that the function makes of an array of these."""
        return Formula(
            function(self.needed),
            function(self.scale),
            function(self.addend),
            np.stack([function(row) for row in self.sums]),
            np.stack([function(row) for row in self.changes]),
        )


@dataclass(frozen=True, slots=True)
class Requantization:
    """What C channels need.

    Attributes:
        formulas: the fast ways.
        multiplier, left, right: int32 ``(C,)``, for the exact way: shifts to the left before, to the right after.
        zero_point, activation_min, activation_max: of the output, int8.
    """

    formulas: Mapping[Way, Formula]
    multiplier: Int32Array
    left: Int32Array
    right: Int32Array
    zero_point: int
    activation_min: int
    activation_max: int

    def map(self, function: ChannelMap) -> Requantization:
        """The same for the channels that the function makes of an array of these."""
        formulas = {way: formula.map(function) for way, formula in self.formulas.items()}
        multiplier, left, right = function(self.multiplier), function(self.left), function(self.right)
        return replace(self, formulas=formulas, multiplier=multiplier, left=left, right=right)

    def choice(self, channels: slice = slice(None)) -> Choice:
        """The fastest way that is exact for all of these channels."""
        for way, formula in self.formulas.items():
            needed = int(formula.needed[channels].max(initial=0))
            if needed <= _MOST_CORRECTIONS:
                return Choice(way, needed)
        return Choice(Way.EXACT)

    def runs(self, lanes: int) -> list[tuple[slice, Choice]]:
        """All channels in few runs of vectors, each with its way."""
        channels = len(self.multiplier)
        whole = self.choice()
        if whole.way is not Way.EXACT:
            return [(slice(0, channels), whole)]
        found: list[tuple[slice, Choice]] = []
        for start in range(0, channels, lanes):
            part = slice(start, min(start + lanes, channels))
            choice = self.choice(part)
            if found and found[-1][1].way is choice.way:
                previous, other = found.pop()
                part = slice(previous.start, part.stop)
                choice = max(other, choice)
            found.append((part, choice))
        return found

    def fields(self, choice: Choice, target: Target, together: int) -> dict[str, int]:
        """The fields of a kernel's struct, where so many vectors are computed together."""
        return {
            "way": int(choice.way),
            "corrected1": self._corrected(choice, 0, target.lanes, together),
            "corrected2": self._corrected(choice, 1, target.lanes, together),
            "zero": self.zero_point if choice.way is Way.KINKED else 0,
            "low": self.activation_min + target.bias,
            "high": self.activation_max + target.bias,
        }

    def _corrected(self, choice: Choice, correction: int, lanes: int, together: int) -> int:
        """Bit by bit, which of the vectors that are computed together have this correction."""
        if correction >= choice.corrections:
            return 0
        vectors = np.flatnonzero(self.formulas[choice.way].changes[correction]) // lanes
        return sum(1 << int(position) for position in np.unique(vectors % together))

    def factors(self, choice: Choice) -> list[npt.NDArray[np.generic]]:
        """The arrays that the way reads, each ``(C,)``."""
        if choice.way is Way.EXACT:
            # Added in 32 bits before anything saturates: TensorFlow Lite Micro's sum wraps.
            return [self.multiplier, self.left, self.right, np.full_like(self.multiplier, self.zero_point)]
        formula = self.formulas[choice.way]
        corrections = [array for k in range(choice.corrections) for array in (formula.sums[k], formula.changes[k])]
        return [formula.scale, formula.addend, *corrections]


def plan_requantization(
    low: Int64Array,
    high: Int64Array,
    multiplier: Int32Array,
    shift: Int32Array,
    zero_point: int,
    activation_min: int,
    activation_max: int,
    floats: bool = True,
) -> Requantization:
    """Chooses and proves.

    Args:
        low, high: the least and the greatest sum of each channel, its bias included, before int32 wraps it.
        multiplier, shift: as in the parameters of the operator.
        zero_point, activation_min, activation_max: of the output, int8.
        floats: whether the target has the float32 ways at all.
    """
    vanishes = (shift < -31) | (shift > 31)
    plan = Requantization(
        {},
        np.where(vanishes, 0, multiplier).astype(np.int32),
        np.clip(shift, 0, 31).astype(np.int32),
        np.clip(-shift.astype(np.int64), 0, 31).astype(np.int32),
        zero_point,
        activation_min,
        activation_max,
    )
    if not floats:
        return plan
    fits = _stays_in_range(low, high, plan.multiplier, shift)
    formulas = {}
    for way in (Way.STRAIGHT, Way.KINKED):
        formulas[way] = formula = _no_formula(len(low))
        for start in range(0, len(low), _CHANNELS_AT_ONCE):
            part = slice(start, start + _CHANNELS_AT_ONCE)
            _fit(formula, plan, part, low[part], high[part], shift[part], fits[part], way)
        if (formula.needed <= _MOST_CORRECTIONS).all():
            break
    return replace(plan, formulas=formulas)


def _no_formula(channels: int) -> Formula:
    floats = np.zeros((2, channels), np.float32)
    corrections = np.zeros((2, _MOST_CORRECTIONS, channels), np.int32)
    return Formula(np.full(channels, _NONE, np.uint8), floats[0], floats[1], corrections[0], corrections[1])


def _stays_in_range(low: Int64Array, high: Int64Array, multiplier: Int32Array, shift: Int32Array) -> BoolArray:
    """Whether no sum wraps, nor its left shift, nor a conversion of the scaled value to int32."""
    largest = np.maximum(np.abs(low), np.abs(high))
    left = np.clip(shift, 0, 30).astype(np.int64)
    real = np.ldexp(multiplier.astype(np.float64), np.clip(shift - 31, -100, 31).astype(np.int32)) * largest
    inside = (low >= INT32_MIN) & (high <= INT32_MAX) & (largest <= (INT32_MAX >> left)) & (shift <= 30)
    return inside & (real < 2.0**30)


def _fit(
    formula: Formula,
    plan: Requantization,
    part: slice,
    low: Int64Array,
    high: Int64Array,
    shift: Int32Array,
    fits: BoolArray,
    way: Way,
) -> None:
    """Fills in those channels for which a formula is proved."""
    multiplier = plan.multiplier[part].astype(np.int64)
    steps = staircase(
        multiplier,
        shift.astype(np.int64),
        np.zeros(len(low), np.int64),
        low,
        high,
        plan.zero_point,
        plan.activation_min,
        plan.activation_max,
        "double",
    )
    # The truth's own scale; multiplications by it are where the search starts.
    ideal = np.ldexp(multiplier.astype(np.float64), np.clip(shift, -200, 31) - np.int32(31)).astype(np.float32)
    kinked = way is Way.KINKED
    channels = _Channels(
        np.flatnonzero(fits) + part.start,
        steps.points[fits],
        steps.reached[fits],
        np.where(kinked & (steps.points[fits] < 0), -1.0, 1.0),
        steps.levels - UINT8_OFFSET - (plan.zero_point if kinked else 0),
        ideal[fits],
    )
    lower, upper = _addend_range(channels, channels.scale)
    # A gap near the height of a step is no want of precision: another way is needed.
    channels = channels.select(lower - upper < channels.scale / 4)
    for corrections in range(_MOST_CORRECTIONS + 1):
        channels = _search(formula, channels, kinked, corrections)


@dataclass(frozen=True, slots=True)
class _Channels:
    """Channels that want a formula.

    Attributes:
        indices: ``(C,)``, which of the layer's.
        points, reached: ``(C, 2 N)``, see :class:`Staircase`.
        sides: ``(C, 2 N)``, the sign of the addend at each point.
        levels: ``(2 N,)``, what the formula has to reach.
        scale: ``(C,)``, the ideal one.
    """

    indices: npt.NDArray[np.intp]
    points: Float64Array
    reached: BoolArray
    sides: Float64Array
    levels: Float64Array
    scale: Float32Array

    def select(self, which: BoolArray) -> _Channels:
        """Some of them."""
        return _Channels(
            self.indices[which],
            self.points[which],
            self.reached[which],
            self.sides[which],
            self.levels,
            self.scale[which],
        )

    def values(self, scale: Float32Array, addend: Float32Array) -> Float64Array:
        """The formula at the points, but for its last rounding."""
        sums = self.points.astype(np.float32).astype(np.float64)
        product = sums * scale.astype(np.float64)[:, None]
        return product + self.sides * addend.astype(np.float64)[:, None]


def _search(formula: Formula, channels: _Channels, kinked: bool, corrections: int) -> _Channels:
    """Fills in those channels for which a formula with so many corrections is proved, and returns the others."""
    for nudge in _SCALE_NUDGES:
        for fraction in _FRACTIONS:
            if not len(channels.indices):
                return channels
            scale = _neighbour(channels.scale, nudge)
            lower, upper = _addend_range(channels, scale)
            addend = (lower + (upper - lower) * fraction).astype(np.float32)
            if kinked:
                addend = np.maximum(addend, np.float32(0))
            wrong = _wrong(channels, scale, addend)
            proved = wrong.sum(1) <= corrections
            for at in np.flatnonzero(proved & wrong.any(1)):
                proved[at] = _correct(formula, channels, int(at), scale, addend, wrong[at])
            found = channels.indices[proved]
            formula.needed[found], formula.scale[found], formula.addend[found] = (
                corrections,
                scale[proved],
                addend[proved],
            )
            channels = channels.select(~proved)
    return channels


def _neighbour(scale: Float32Array, distance: int) -> Float32Array:
    """The value so many units in the last place away; zero stays zero."""
    bits = scale.view(np.int32) + np.int32(distance)
    return np.where(scale > 0, bits.view(np.float32), scale)


def _addend_range(channels: _Channels, scale: Float32Array) -> tuple[Float64Array, Float64Array]:
    """For each channel the addends, from the first to just below the second, that put every step in its place.

    Where the second is less than the first, no addend does; those between them come near.
    """
    wanted = channels.levels - 0.5 - channels.points * scale.astype(np.float64)[:, None]
    # Where the addend counts negatively, at least becomes at most.
    at_least = channels.reached == (channels.sides > 0)
    wanted = wanted * channels.sides
    lower = np.where(at_least, wanted, -np.inf).max(1, initial=-np.inf)
    upper = np.where(at_least, np.inf, wanted).min(1, initial=np.inf)
    # With no step to one side, anything within a level will do.
    lower = np.where(np.isfinite(lower), lower, np.where(np.isfinite(upper), upper - 1.0, 0.0))
    upper = np.where(np.isfinite(upper), upper, lower + 1.0)
    return lower, upper


def _wrong(channels: _Channels, scale: Float32Array, addend: Float32Array) -> BoolArray:
    """The points at which the float32 formula is not sure to be right.

    float64 holds the product of two float32 values exactly, and the sum but for its last bit: a formula counts as right
    only if it is so on either side of that bit, as a fused multiply-add may fall on either.
    """
    value = channels.values(scale, addend)
    wrong: BoolArray = np.zeros(value.shape, np.bool_)
    for neighbour in (np.nextafter(value, -np.inf), np.nextafter(value, np.inf)):
        wrong |= (np.rint(neighbour.astype(np.float32)) >= channels.levels) != channels.reached
    return wrong


def _correct(
    formula: Formula, channels: _Channels, at: int, scale: Float32Array, addend: Float32Array, wrong: BoolArray
) -> bool:
    """Notes the corrections of one channel; whether they make it exact.

    A wrong point is corrected by one level. The formula has to be right at the neighbour further from the threshold,
    and no second threshold may lie there.
    """
    corrections = []
    for point in np.flatnonzero(wrong):
        reached, level = bool(channels.reached[at, point]), channels.levels[point]
        total = channels.points[at, point]
        here_too = (channels.points[at] == total) & (channels.reached[at] == reached) & (channels.levels == level)
        if here_too.sum() != 1:
            return False
        # From the threshold outwards: next to a reached point is the one above.
        side = channels.sides[at, point]
        here = _result(total, scale[at], addend[at], side)
        further = _result(total + (1.0 if reached else -1.0), scale[at], addend[at], side)
        right_here = level if reached else level - 1
        if here is None or further is None or abs(right_here - here) != 1 or (further >= level) != reached:
            return False
        corrections.append((int(total), int(right_here - here)))
    for number, (total, change) in enumerate(corrections):
        formula.sums[number, channels.indices[at]], formula.changes[number, channels.indices[at]] = total, change
    return True


def _result(total: float, scale: np.float32, addend: np.float32, side: float) -> float | None:
    """The formula's result for one sum, or None where its last bit decides."""
    value = float(np.float32(total)) * float(scale) + side * float(addend)
    results = {float(np.rint(np.float32(np.nextafter(value, way)))) for way in (-np.inf, np.inf)}
    return results.pop() if len(results) == 1 else None
