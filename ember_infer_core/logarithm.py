"""The natural logarithm in the fixed point of gemmlowp and TensorFlow Lite Micro, on whole arrays, bit for bit. Arrays
hold int64, as in :mod:`ember_infer_core.fixed_point`.
"""

from __future__ import annotations

import numpy as np

from ember_infer_core.fixed_point import (
    Int64Array,
    IntLike,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
)
from ember_infer_core.quantization import INT32_MAX, INT32_MIN
from ember_infer_core.transcendental import reciprocal_of_half

__all__ = ["logarithm"]

_INPUT_INTEGER_BITS = 12
_ACCUMULATOR_INTEGER_BITS = 6
# In Q0.31: log(2), sqrt(1/2), the fourth root of 1/2, and the coefficients of the rational approximation.
_LOG_2 = 1488522236
_SQRT_HALF = 1518500250
_SQRT_SQRT_HALF = 1805811301
_ALPHA_N = 117049297
_ALPHA_D = 127690142
_ALPHA_I = 1057819769
_ALPHA_F = 638450708
# 1/4, with as many integer bits as the accumulator.
_QUARTER = 1 << 31 - _ACCUMULATOR_INTEGER_BITS - 2


def logarithm(x: IntLike) -> Int64Array:
    """``log(x)`` of positive Q12.19 values, as Q5.26. Source: TFLM ``log_x_for_x_greater_than_or_equal_to_1``.

    The value is brought to the interval around 1 that a rational function covers, in two ways, of which the better one
    is taken: as it is, and times the square root of 1/2.
    """
    x = np.asarray(x, np.int64)
    high_mul = saturating_rounding_doubling_high_mul
    leading_zeros = 32 - _bit_length(x)
    r_a = _saturated(high_mul(x << leading_zeros >> 1, _SQRT_HALF) << 1)
    power_a = _power_of_two(_INPUT_INTEGER_BITS - leading_zeros) + _QUARTER
    headroom = 31 - _bit_length(high_mul(x, _SQRT_HALF))
    r_b = _saturated(x << headroom)
    power_b = _power_of_two(_INPUT_INTEGER_BITS - headroom) - _QUARTER
    r, power = np.minimum(r_a, r_b), np.maximum(power_a, power_b)

    p = r + _SQRT_SQRT_HALF + 1 >> 1
    q = 2 * (r - _SQRT_SQRT_HALF)
    square = high_mul(q, q)
    numerator = high_mul(q, r) + high_mul(high_mul(q, square), _ALPHA_N)
    denominator_less_one = high_mul(p, _ALPHA_I + q + high_mul(square, _ALPHA_D)) + high_mul(q, _ALPHA_F)
    reciprocal = _saturated(reciprocal_of_half(denominator_less_one + INT32_MAX + 1 >> 1) << 1)
    fraction = high_mul(rounding_divide_by_pot(numerator, _ACCUMULATOR_INTEGER_BITS), reciprocal)
    return _saturated(high_mul(power, _LOG_2) + fraction << 1)


def _power_of_two(exponent: Int64Array) -> Int64Array:
    """Whole numbers with as many integer bits as the accumulator."""
    return exponent << 31 - _ACCUMULATOR_INTEGER_BITS


def _bit_length(x: IntLike) -> Int64Array:
    return np.frexp(np.asarray(x, np.float64))[1].astype(np.int64)


def _saturated(x: Int64Array) -> Int64Array:
    """Kept in an int32 that saturates."""
    return np.clip(x, INT32_MIN, INT32_MAX)
