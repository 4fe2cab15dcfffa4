"""The array arithmetic against definitions in exact integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core.fixed_point import (
    exp_on_negative_values,
    get_reciprocal,
    multiply_by_quantized_multiplier,
    multiply_by_quantized_multiplier_single_rounding,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
)

int32 = st.integers(-(2**31), 2**31 - 1)
multipliers = st.one_of(st.just(0), st.integers(2**30, 2**31 - 1))


def truncating_division(a: int, b: int) -> int:
    return abs(a) // b * (1 if a >= 0 else -1)


@given(int32, int32)
def test_the_high_product_is_gemmlowps_nudge_and_truncating_division(a: int, b: int) -> None:
    nudge = 2**30 if a * b >= 0 else 1 - 2**30
    expected = 2**31 - 1 if a == b == -(2**31) else truncating_division(a * b + nudge, 2**31)
    assert saturating_rounding_doubling_high_mul(a, b) == expected


@given(int32, st.integers(0, 31))
def test_division_by_a_power_of_two_rounds_half_away_from_zero(x: int, exponent: int) -> None:
    doubled = 2 * abs(x) + 2**exponent  # twice (|x| / 2**e + 1/2), in units of 2**-e
    expected = doubled // (2 * 2**exponent) * (1 if x >= 0 else -1)
    assert rounding_divide_by_pot(x, exponent) == expected


@given(int32, multipliers, st.integers(-31, 0))
def test_a_right_shift_is_two_roundings(x: int, multiplier: int, shift: int) -> None:
    high = int(saturating_rounding_doubling_high_mul(x, multiplier))
    assert multiply_by_quantized_multiplier(x, multiplier, shift) == rounding_divide_by_pot(high, -shift)


def test_a_left_shift_wraps_in_int32() -> None:
    assert multiply_by_quantized_multiplier(2**30, 2**30, 2) == 0
    assert multiply_by_quantized_multiplier(3 << 29, 2**30, 1) == -(2**29)


@given(int32, multipliers, st.integers(-31, 30))
def test_single_rounding_rounds_the_product_once(x: int, multiplier: int, shift: int) -> None:
    total = 31 - shift
    expected = (x * multiplier + (1 << (total - 1))) >> total
    clamped = max(-(2**31), min(2**31 - 1, expected))
    assert multiply_by_quantized_multiplier_single_rounding(x, multiplier, shift) == clamped


@pytest.mark.parametrize("shift", [-32, -40, -100])
def test_a_total_shift_beyond_62_leaves_nothing(shift: int) -> None:
    assert multiply_by_quantized_multiplier_single_rounding(2**31 - 1, 2**31 - 1, shift) == 0


@given(st.integers(-(2**31) + 1, 0))
def test_exp_is_within_a_few_units_of_the_real_one(a: int) -> None:
    expected = np.exp(a / 2.0**26) * 2.0**31
    assert abs(int(exp_on_negative_values(a)) - expected) <= 2.0**31 * 1e-6


def test_exp_of_zero_saturates() -> None:
    assert exp_on_negative_values(0) == 2**31 - 1


@given(st.integers(2**19, 2**31 - 1))
def test_the_reciprocal_is_that_of_the_sum(x: int) -> None:
    raw, bits_over_unit = get_reciprocal(x, 12)
    value = raw / 2.0**31 / 2.0**bits_over_unit
    assert value == pytest.approx(2.0**19 / x, rel=1e-7)
