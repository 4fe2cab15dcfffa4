"""The float formulas against the integer truth, and the proof that admits them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ember_infer_core.staircase import Staircase, staircase
from ember_infer_ref.affine import Affine, FloatArray, FloatType, Int64Array, evaluate, fit_affine
from ember_infer_ref.requantize import (
    ROUNDINGS,
    AccumulatorRange,
    Accumulators,
    Rounding,
    Scaling,
    accumulator_range,
    prepare_requantize,
    requantize,
)

IntegerRounding = Literal["double", "single"]
FLOAT32_LIMIT = 2**24


@dataclass(frozen=True)
class Layer:
    """What requantisation of one layer's accumulators takes."""

    scaling: Scaling
    bounds: AccumulatorRange

    def truth(self, accumulators: Int64Array) -> npt.NDArray[np.int8]:
        """Of raw accumulators ``(..., C)``."""
        return requantize(accumulators + self.bounds.bias, self.scaling)

    def staircase(self) -> Staircase:
        assert self.scaling.rounding != "float"
        return staircase(
            self.scaling.multiplier,
            self.scaling.shift,
            self.bounds.bias,
            self.bounds.low,
            self.bounds.high,
            self.scaling.output_offset,
            self.scaling.activation_min,
            self.scaling.activation_max,
            self.scaling.rounding,
        )

    def fit(self, dtype: FloatType) -> Affine | None:
        return fit_affine(self.staircase(), self.scaling.multiplier, self.scaling.shift, self.bounds.bias, dtype)

    def telling_accumulators(self, random: np.random.Generator) -> Int64Array:
        """``(rows, C)``: random ones, the ends of the range, and both sides of every threshold."""
        low, high = self.bounds.low, self.bounds.high
        rows = [random.integers(low, high + 1, (2000, len(low))), low[None], high[None]]
        if self.scaling.rounding != "float":
            points = self.staircase().points.astype(np.int64).T
            rows += [np.clip(points + step, low, high) for step in (-1, 0, 1)]
        return np.concatenate(rows)


def layer(
    multipliers: list[int],
    shifts: list[int],
    bias: list[int],
    reach: list[int],
    *,
    output_offset: int = 0,
    clamp: tuple[int, int] = (-128, 127),
    rounding: Rounding = "double",
) -> Layer:
    """A layer whose raw accumulators in each channel go from ``-reach`` to ``reach``."""
    ends = np.array(reach)
    scaling = Scaling(
        np.array(multipliers),
        np.array(shifts),
        np.ldexp(np.array(multipliers, np.float64), np.array(shifts) - 31).astype(np.float32),
        output_offset,
        *clamp,
        rounding,
    )
    return Layer(scaling, AccumulatorRange(np.array(bias), -ends, ends, int(ends.max())))


@st.composite
def layers(draw: Any, roundings: tuple[Rounding, ...] = ROUNDINGS, largest_reach: int = FLOAT32_LIMIT) -> Layer:
    channels = draw(st.integers(1, 4))

    def each(strategy: st.SearchStrategy[int]) -> list[int]:
        drawn: list[int] = draw(st.lists(strategy, min_size=channels, max_size=channels))
        return drawn

    low = draw(st.integers(-128, 127))
    return layer(
        each(st.one_of(st.integers(2**30, 2**31 - 1), st.sampled_from([0, 2**30, 3 << 29, 2**31 - 1]))),
        each(st.one_of(st.integers(-12, 0), st.integers(-31, 6), st.sampled_from([-50, 0, 30]))),
        each(st.one_of(st.just(0), st.integers(-(2**16), 2**16), st.integers(-(2**31), 2**31 - 1))),
        each(st.one_of(st.integers(0, 2**15), st.integers(0, largest_reach))),
        output_offset=draw(st.one_of(st.just(low), st.integers(-128, 127))),
        clamp=(low, draw(st.integers(low, 127))),
        rounding=draw(st.sampled_from(roundings)),
    )


def run_step(case: Layer, accumulators: Int64Array, dtype: FloatType, reused: bool = True) -> npt.NDArray[np.int8]:
    rows, channels = accumulators.shape
    workspace = Accumulators(rows, channels, dtype)
    output = np.full(accumulators.shape, 77, np.int8)

    def cells(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows[: len(accumulators)].reshape(-1)

    step = prepare_requantize(case.scaling, case.bounds, workspace, cells, output, reused)
    workspace.rows[: len(accumulators)] = accumulators
    step()
    return output


@given(case=layers(), seed=st.integers(0, 2**32 - 1))
def test_every_way_gives_the_truth_from_float32_sums(case: Layer, seed: int) -> None:
    accumulators = case.telling_accumulators(np.random.default_rng(seed))
    truth = case.truth(accumulators)
    np.testing.assert_array_equal(run_step(case, accumulators, np.float32), truth)
    np.testing.assert_array_equal(run_step(case, accumulators, np.float64), truth)
    np.testing.assert_array_equal(run_step(case, accumulators, np.float64, reused=False), truth)


@given(case=layers(largest_reach=2**34), seed=st.integers(0, 2**32 - 1))
def test_every_way_gives_the_truth_from_float64_sums(case: Layer, seed: int) -> None:
    accumulators = case.telling_accumulators(np.random.default_rng(seed))
    np.testing.assert_array_equal(run_step(case, accumulators, np.float64), case.truth(accumulators))


def stays_in_int32(case: Layer) -> bool:
    """By a wide margin."""
    shift = np.maximum(case.scaling.shift, 0)
    return bool((shift < 31).all() and (np.abs(case.bounds.bias) + case.bounds.high < 2**30 >> shift).all())


@given(case=layers(roundings=("double", "single")))
def test_the_staircase_has_its_steps_where_the_truth_has_them(case: Layer) -> None:
    assume(stays_in_int32(case))
    steps = case.staircase()
    results = case.truth(steps.points.astype(np.int64).T).T.astype(np.int64) + 128
    np.testing.assert_array_equal(results >= steps.levels, steps.reached)
    # Both sides of each step: one accumulator apart, unless the step lies beyond the range.
    count = len(steps.levels) // 2
    first, last = steps.points[:, :count], steps.points[:, count:]
    at_an_end = (first == case.bounds.low[:, None]) | (last == case.bounds.high[:, None])
    assert ((first - last == 1) | at_an_end).all()


@given(
    case=layers(roundings=("double", "single")),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 99),
)
def test_a_formula_that_is_found_is_the_truth(case: Layer, dtype: FloatType, seed: int) -> None:
    assume(stays_in_int32(case))
    formula = case.fit(dtype)
    assume(formula is not None)
    assert formula is not None
    accumulators = case.telling_accumulators(np.random.default_rng(seed))
    values: FloatArray = accumulators.astype(dtype)
    evaluate(formula, values, np.empty_like(values))
    clamped = np.clip(np.floor(values), case.scaling.activation_min + 128, case.scaling.activation_max + 128)
    np.testing.assert_array_equal(clamped - 128, case.truth(accumulators))


@pytest.mark.parametrize("rounding", ["double", "single"])
def test_float64_suffices_for_ordinary_layers(rounding: IntegerRounding) -> None:
    random = np.random.default_rng(5)
    for clamp, offset in (((-128, 127), 3), ((-128, 127), -128), ((0, 60), 0)):
        multipliers = random.integers(2**30, 2**31, 40).tolist()
        shifts, bias = random.integers(-12, 1, 40).tolist(), random.integers(-50_000, 50_000, 40).tolist()
        case = layer(multipliers, shifts, bias, [200_000] * 40, output_offset=offset, clamp=clamp, rounding=rounding)
        assert case.fit(np.float64) is not None


def test_float32_suffices_for_coarse_steps_and_a_jump_at_zero_is_made_where_needed() -> None:
    coarse = {"multipliers": [1_500_000_000] * 3, "shifts": [-4, -5, -6], "bias": [0, 40, -70], "reach": [9000] * 3}
    straight = layer(**coarse, output_offset=-128).fit(np.float32)  # type: ignore[arg-type]
    assert straight is not None
    assert straight.knee_low is None
    kinked = layer(**coarse).fit(np.float32)  # type: ignore[arg-type]
    assert kinked is not None
    assert kinked.knee_low is not None


def test_float32_is_refused_where_steps_are_finer_than_its_precision() -> None:
    case = layer([1_500_000_000] * 8, [-16] * 8, [0] * 8, [2**24] * 8, output_offset=-128)
    assert case.fit(np.float32) is None
    assert case.fit(np.float64) is not None


def test_one_wrong_threshold_refuses_every_formula() -> None:
    case = layer([1_500_000_000], [-6], [0], [9000], output_offset=-128)
    steps = case.staircase()
    count = len(steps.levels) // 2
    steps.points[0, [50, count + 50]] += 1  # one step in the middle comes one accumulator late
    for dtype in (np.float32, np.float64):
        fitted = fit_affine(steps, case.scaling.multiplier, case.scaling.shift, case.bounds.bias, dtype)
        assert fitted is None


def test_ties_go_away_from_zero_after_the_first_rounding() -> None:
    case = layer([2**30], [-1], [0], [100])  # a quarter: 1 is 0.5 after the first rounding, then 1 after the second
    accumulators = np.arange(-6, 6)[:, None]
    expected = [-2, -1, -1, -1, -1, 0, 0, 1, 1, 1, 1, 2]
    assert case.truth(accumulators).ravel().tolist() == expected
    assert run_step(case, accumulators, np.float32).ravel().tolist() == expected


@given(st.integers(1, 5), st.integers(1, 30), st.integers(0, 2**32 - 1), st.integers(-128, 127))
def test_the_range_of_accumulators_is_reached_and_never_left(channels: int, taps: int, seed: int, offset: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.integers(-128, 128, (channels, taps))
    bounds = accumulator_range(weights, offset, np.arange(channels, dtype=np.int32))
    largest, least = np.where(weights > 0, 127, -128), np.where(weights > 0, -128, 127)
    np.testing.assert_array_equal((weights * largest).sum(1), bounds.high)
    np.testing.assert_array_equal((weights * least).sum(1), bounds.low)
    assert np.abs(weights * -128).sum(1).max() == bounds.magnitude
    inputs = random.integers(-128, 128, (channels, taps))
    np.testing.assert_array_equal(
        (weights * inputs).sum(1) + bounds.bias, (weights * (inputs + offset)).sum(1) + np.arange(channels)
    )
