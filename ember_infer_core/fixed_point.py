"""The integer arithmetic of gemmlowp and TensorFlow Lite Micro on whole arrays, bit for bit.

Arrays hold int64 between the steps; every value that C keeps in an int32 is brought back into int32's range where C
would wrap it. Sources: gemmlowp ``fixedpoint.h`` and TFLM ``tensorflow/lite/kernels/internal/common.h``.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.quantization import INT32_MAX, INT32_MIN

__all__ = [
    "exp_on_negative_values",
    "get_reciprocal",
    "multiply_by_quantized_multiplier",
    "multiply_by_quantized_multiplier_single_rounding",
    "reduced_multiplier",
    "rounding_divide_by_pot",
    "saturating_rounding_doubling_high_mul",
    "wrap_int32",
]

Int64Array: TypeAlias = npt.NDArray[np.int64]
IntLike: TypeAlias = int | npt.NDArray[np.integer]


def wrap_int32(x: Int64Array) -> Int64Array:
    """The value that remains when C keeps ``x`` in an int32 (two's complement)."""
    return x.astype(np.int32).astype(np.int64)


def saturating_rounding_doubling_high_mul(a: IntLike, b: IntLike) -> Int64Array:
    """``round(a * b / 2**31)`` of int32 values, ties towards plus infinity; -2**31 squared saturates.

    gemmlowp's nudge and truncating division come to ``(a * b + 2**30) >> 31`` for either sign.
    """
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    rounded: Int64Array = np.minimum((product + (1 << 30)) >> 31, INT32_MAX)
    return rounded


def reduced_multiplier(multiplier: Int64Array) -> Int64Array:
    """A multiplier rounded to 16 bits, as TFLM's ``MultiplyByQuantizedMultiplier`` of int64 sums rounds it first."""
    return np.where(multiplier >= 0x7FFF0000, 0x7FFF, (multiplier + (1 << 15)) >> 16)


def rounding_divide_by_pot(x: IntLike, exponent: IntLike) -> Int64Array:
    """``round(x / 2**exponent)``, ties away from zero, for exponents from 0 to 31."""
    x = np.asarray(x, np.int64)
    exponent = np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponent) - 1
    remainder = x & mask
    threshold = (mask >> 1) + (x < 0)
    rounded: Int64Array = (x >> exponent) + (remainder > threshold)
    return rounded


def multiply_by_quantized_multiplier(x: IntLike, multiplier: IntLike, shift: IntLike) -> Int64Array:
    """``x * multiplier * 2**(shift - 31)`` with the two roundings of TFLM's ``MultiplyByQuantizedMultiplier``.

    Args:
        x: int32 values.
        multiplier: int32, not negative.
        shift: to the left where positive (``x << shift`` wraps in int32, as it does in C), to the right where negative.
    """
    shift = np.asarray(shift, np.int64)
    shifted = wrap_int32(np.asarray(x, np.int64) << np.clip(shift, 0, 32))
    high = saturating_rounding_doubling_high_mul(shifted, multiplier)
    return rounding_divide_by_pot(high, np.maximum(-shift, 0))


def multiply_by_quantized_multiplier_single_rounding(x: IntLike, multiplier: IntLike, shift: IntLike) -> Int64Array:
    """``x * multiplier * 2**(shift - 31)`` with one rounding of the 64-bit product, ties towards plus infinity.

    This is ``MultiplyByQuantizedMultiplier`` of a ``TFLITE_SINGLE_ROUNDING`` build. A total shift of 63 or more leaves
    0; a result beyond int32 saturates.
    """
    x = np.asarray(x, np.int64)
    product = x * np.asarray(multiplier, np.int64)
    total = 31 - np.asarray(shift, np.int64)
    right = np.clip(total, 1, 62)
    rounded = (product + (np.int64(1) << (right - 1))) >> right
    rounded = np.where(total > 62, 0, rounded)
    # total < 1 happens for shifts of 31 and more: any nonzero product leaves int32's range.
    saturated = np.where(product > 0, INT32_MAX, np.where(product < 0, INT32_MIN, 0))
    return np.clip(np.where(total < 1, saturated, rounded), INT32_MIN, INT32_MAX)


# exp(-1/4) down to exp(-16), in Q0.31, each with the power of two that calls for it where the operand contains it.
_EXP_FACTORS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
_EXP_MINUS_ONE_EIGHTH = 1895147668
_ONE_THIRD = 715827883


def exp_on_negative_values(a: IntLike, integer_bits: int = 5) -> Int64Array:
    """``exp(a)`` as Q0.31, of values that are not positive and have 31 bits, ``integer_bits`` of them (up to 5) above
    the point. Source: gemmlowp ``exp_on_negative_values``.
    """
    a = np.asarray(a, np.int64)
    fraction_bits = 31 - integer_bits
    one_quarter = np.int64(1 << (fraction_bits - 2))
    a_mod_quarter_minus_one_quarter = (a & (one_quarter - 1)) - one_quarter
    result = _exp_between_minus_one_quarter_and_zero(a_mod_quarter_minus_one_quarter << integer_bits)
    remainder = a_mod_quarter_minus_one_quarter - a
    for exponent, factor in _EXP_FACTORS:
        if exponent < integer_bits:
            bit = np.int64(1 << (fraction_bits + exponent))
            result = np.where(remainder & bit, saturating_rounding_doubling_high_mul(result, factor), result)
    return np.where(a == 0, INT32_MAX, result)


def _exp_between_minus_one_quarter_and_zero(a: Int64Array) -> Int64Array:
    """Gemmlowp ``exp_on_interval_between_negative_one_quarter_and_0_excl``: Taylor at -1/8, in Q0.31."""
    x = a + (1 << 28)
    x2 = saturating_rounding_doubling_high_mul(x, x)
    x3 = saturating_rounding_doubling_high_mul(x2, x)
    x4 = saturating_rounding_doubling_high_mul(x2, x2)
    x4_over_4 = rounding_divide_by_pot(x4, 2)
    terms = saturating_rounding_doubling_high_mul(x4_over_4 + x3, _ONE_THIRD) + x2
    x4_over_24_plus_x3_over_6_plus_x2_over_2 = rounding_divide_by_pot(terms, 1)
    polynomial = x + x4_over_24_plus_x3_over_6_plus_x2_over_2
    return _EXP_MINUS_ONE_EIGHTH + saturating_rounding_doubling_high_mul(_EXP_MINUS_ONE_EIGHTH, polynomial)


def get_reciprocal(x: int, integer_digits: int) -> tuple[int, int]:
    """``1 / x`` as Q0.31 and the bits over unit, for a positive fixed-point value. Source: TFLM ``GetReciprocal``."""
    leading_zeros = 32 - (x & 0xFFFFFFFF).bit_length()
    num_bits_over_unit = integer_digits - leading_zeros
    shifted = ((x << leading_zeros) & 0xFFFFFFFF) - (1 << 31)
    return _one_over_one_plus_x_for_x_in_0_1(shifted), num_bits_over_unit


def _one_over_one_plus_x_for_x_in_0_1(a: int) -> int:
    """Gemmlowp ``one_over_one_plus_x_for_x_in_0_1``: three Newton-Raphson steps in Q2.29; result in Q0.31."""
    constant_48_over_17 = 1515870810
    constant_neg_32_over_17 = -1010580540
    half_denominator = _rounding_half_sum(a, INT32_MAX)
    x = constant_48_over_17 + _high_mul(half_denominator, constant_neg_32_over_17)
    for _ in range(3):
        one_minus = (1 << 29) - _high_mul(half_denominator, x)
        x = x + _saturating_shift_left(_high_mul(x, one_minus), 2)
    return _saturating_shift_left(x, 1)


def _rounding_half_sum(a: int, b: int) -> int:
    total = a + b
    sign = 1 if total >= 0 else -1
    return int((total + sign) / 2) if abs(total) < 2**52 else (total + sign) // 2


def _high_mul(a: int, b: int) -> int:
    return min((a * b + (1 << 30)) >> 31, INT32_MAX)


def _saturating_shift_left(x: int, bits: int) -> int:
    return max(INT32_MIN, min(INT32_MAX, x << bits))
