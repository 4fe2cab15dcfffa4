/* Functions of one number in gemmlowp's fixed point, by Newton's method and by a rational function. */

#include "fixed_point.h"

INLINE int32_t saturated(int64_t a) { return a > INT32_MAX ? INT32_MAX : a < INT32_MIN ? INT32_MIN : (int32_t)a; }

INLINE int32_t saturating_shift_left(int32_t a, int bits) { return saturated((int64_t)a * ((int64_t)1 << bits)); }

INLINE int leading_zeros(uint32_t a) {
    int zeros = 0;
    for (; zeros < 32 && !(a >> 31); zeros++) a <<= 1;
    return zeros;
}

/* gemmlowp: one_over_one_plus_x_for_x_in_0_1, three Newton steps in Q2.29. */
INLINE int32_t one_over_one_plus(int32_t a) {
    const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + high_mul(half_denominator, -1010580540);
    for (int step = 0; step < 3; step++) {
        const int32_t one_minus = (1 << 29) - high_mul(half_denominator, x);
        x += saturating_shift_left(high_mul(x, one_minus), 2);
    }
    return saturating_shift_left(x, 1);
}

/* TFLM: log_x_for_x_greater_than_or_equal_to_1 of a positive Q12.19, as Q5.26; see core/logarithm.py. */
INLINE int32_t logarithm(int32_t x) {
    const int32_t sqrt_half = 1518500250, sqrt_sqrt_half = 1805811301, quarter = 1 << 23;
    const int zeros = leading_zeros((uint32_t)x), headroom = leading_zeros((uint32_t)high_mul(x, sqrt_half)) - 1;
    const int32_t r_a = saturating_shift_left(high_mul((int32_t)((uint32_t)x << zeros >> 1), sqrt_half), 1);
    const int32_t r_b = saturating_shift_left(x, headroom);
    const int32_t power_a = (12 - zeros) * (1 << 25) + quarter, power_b = (12 - headroom) * (1 << 25) - quarter;
    const int32_t r = r_a < r_b ? r_a : r_b, power = power_a > power_b ? power_a : power_b;

    const int32_t p = (int32_t)(((int64_t)r + sqrt_sqrt_half + 1) >> 1), q = 2 * (r - sqrt_sqrt_half);
    const int32_t square = high_mul(q, q);
    const int32_t numerator = high_mul(q, r) + high_mul(high_mul(q, square), 117049297);
    const int32_t denominator_less_one =
        high_mul(p, 1057819769 + q + high_mul(square, 127690142)) + high_mul(q, 638450708);
    const int32_t fraction = high_mul(rounding_shift_right(numerator, 6), one_over_one_plus(denominator_less_one));
    return saturating_shift_left(high_mul(power, 1488522236) + fraction, 1);
}

/* TFLM: GetInvSqrtQuantizedMultiplierExp, five Newton steps in Q3.28; see core/transcendental.py. */
INLINE int32_t inverse_square_root(int32_t x, int *shift) {
    *shift = 0;
    if (x <= 1) return INT32_MAX;
    const int excess = x >= 1 << 29;
    if (excess) x /= 4;
    const int pairs = (leading_zeros((uint32_t)x) - 1) / 2 - 1;
    const int32_t operand = (x << 2 * pairs) >> 1, half = (operand + 1) >> 1;
    int32_t estimate = 1 << 28;
    for (int step = 0; step < 5; step++) {
        const int32_t cube = saturating_shift_left(high_mul(high_mul(estimate, estimate), estimate), 6);
        estimate = saturating_shift_left(high_mul((1 << 28) + (1 << 27), estimate) - high_mul(half, cube), 3);
    }
    const int32_t multiplier = high_mul(estimate, 1518500250); /* sqrt(1/2) */
    const int right = 11 + excess - pairs;
    *shift = right > 0 ? -right : 0;
    return right < 0 ? (int32_t)((uint32_t)multiplier << -right) : multiplier;
}
