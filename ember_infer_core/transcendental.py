"""Logistic function, hyperbolic tangent and inverse square root in the fixed point of gemmlowp and TensorFlow Lite
Micro, on whole arrays, bit for bit. Arrays hold int64, as in :mod:`ember_infer_core.fixed_point`.
"""

from __future__ import annotations

import numpy as np

from ember_infer_core.fixed_point import (
    Int64Array,
    IntLike,
    exp_on_negative_values,
    saturating_rounding_doubling_high_mul,
)
from ember_infer_core.quantization import INT32_MAX, INT32_MIN

__all__ = ["inverse_square_root", "logistic", "reciprocal_of_half", "tanh"]

_ONE_HALF = 1 << 30
_HALF_SQRT_2 = 1518500250  # Q0.31
_NEWTON_STEPS_OF_RSQRT = 5


def logistic(a: IntLike) -> Int64Array:
    """``1 / (1 + exp(-a))`` of Q4.27 values, as Q0.31. Source: gemmlowp ``logistic``."""
    a = np.asarray(a, np.int64)
    exponential = exp_on_negative_values(-np.abs(a), integer_bits=4)
    quotient = reciprocal_of_half(_half_of_one_plus(exponential))
    positive = _saturated(quotient << 1)
    return np.where(a == 0, _ONE_HALF, np.where(a > 0, positive, INT32_MAX - positive))


def tanh(a: IntLike) -> Int64Array:
    """The hyperbolic tangent of Q4.27 values, as Q0.31. Source: gemmlowp ``tanh``."""
    a = np.asarray(a, np.int64)
    exponential = exp_on_negative_values(-np.abs(a))  # of 2a: the same bits, read as Q5.26
    quotient = reciprocal_of_half(_half_of_one_plus(exponential))
    magnitude = _saturated(quotient - (1 << 29) << 2)  # (1 - e) / (1 + e) = 2 / (1 + e) - 1
    return np.where(a == 0, 0, np.where(a > 0, magnitude, -magnitude))


def reciprocal_of_half(half_denominator: Int64Array) -> Int64Array:
    """``1 / d`` as Q2.29 for ``d`` from 1/2 to 1 in Q0.31: three Newton-Raphson steps.

    Source: gemmlowp ``one_over_one_plus_x_for_x_in_0_1`` and ``one_minus_x_over_one_plus_x_for_x_in_0_1``.
    """
    high_mul = saturating_rounding_doubling_high_mul
    x = 1515870810 + high_mul(half_denominator, -1010580540)  # 48/17 and -32/17
    for _ in range(3):
        one_minus = (1 << 29) - high_mul(half_denominator, x)
        x = x + _saturated(high_mul(x, one_minus) << 2)
    return x


def inverse_square_root(x: IntLike) -> tuple[Int64Array, Int64Array]:
    """``1 / sqrt(x)`` of int32 values that are not negative, as ``multiplier * 2**(shift - 31)``.

    0 and 1 both give ``2**31 - 1`` with a shift of 0. Source: TFLM ``GetInvSqrtQuantizedMultiplierExp``.
    """
    x = np.asarray(x, np.int64)
    # Shifted by pairs of bits, so that the value lies between 2**27 and 2**29.
    excess_pairs = (x >= 1 << 29).astype(np.int64)
    value = x >> 2 * excess_pairs
    bits = np.frexp(np.maximum(value, 1).astype(np.float64))[1].astype(np.int64)
    pairs = (31 - bits) // 2 - 1
    operand = value << 2 * pairs >> 1  # Q3.28
    half = operand + 1 >> 1
    high_mul = saturating_rounding_doubling_high_mul
    estimate = np.full_like(x, 1 << 28)
    for _ in range(_NEWTON_STEPS_OF_RSQRT):
        cube = _saturated(high_mul(high_mul(estimate, estimate), estimate) << 6)
        estimate = _saturated(high_mul((1 << 28) + (1 << 27), estimate) - high_mul(half, cube) << 3)
    multiplier = high_mul(estimate, _HALF_SQRT_2)
    right_shift = 11 + excess_pairs - pairs
    multiplier = multiplier << np.maximum(-right_shift, 0)
    shift = -np.maximum(right_shift, 0)
    return np.where(x <= 1, INT32_MAX, multiplier), np.where(x <= 1, 0, shift)


def _half_of_one_plus(a: Int64Array) -> Int64Array:
    """``(1 + a) / 2`` in Q0.31 of values from 0 to 1. Source: gemmlowp ``RoundingHalfSum``."""
    return a + INT32_MAX + 1 >> 1


def _saturated(x: Int64Array) -> Int64Array:
    """Kept in an int32 that saturates."""
    return np.clip(x, INT32_MIN, INT32_MAX)
