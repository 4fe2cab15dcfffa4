/* LOG_SOFTMAX of int8. Planned by log_softmax.py. */

#ifndef EMBER_LOG_SOFTMAX_H
#define EMBER_LOG_SOFTMAX_H

#include "ember_reciprocal.h"

struct ember_log_softmax_int8 {
    const int32_t *summands; /* for each distance to a row's greatest its exponential as Q12.19; 0 beyond them */
    int32_t summands_count;
    int32_t rows, count;
    int32_t multiplier, shift; /* from a distance to Q5.26 */
    int32_t reverse_multiplier, reverse_shift, diff_min;
};

static inline int32_t ember_greatest_of_row(const int8_t *x, int32_t count) {
    int32_t most = INT8_MIN;
    for (int32_t i = 0; i < count; i++)
        most = x[i] > most ? x[i] : most;
    return most;
}

static inline uint32_t ember_summand(const struct ember_log_softmax_int8 *p, int32_t distance) {
    return distance < p->summands_count ? (uint32_t)p->summands[distance] : 0u;
}

/* TFLM's log_x_for_x_greater_than_or_equal_to_1 of a positive Q12.19, as Q5.26: the value is brought to the interval
   around 1 that a rational function covers, in two ways, of which the better one is taken. */
static inline int32_t ember_logarithm(int32_t x) {
    const int32_t sqrt_half = 1518500250, sqrt_sqrt_half = 1805811301, quarter = 1 << 23;
    const int32_t zeros = ember_leading_zeros((uint32_t)x);
    const int32_t headroom = ember_leading_zeros((uint32_t)ember_high_mul(x, sqrt_half)) - 1;
    const int32_t normal = (int32_t)((uint32_t)x << zeros >> 1);
    const int32_t r_a = ember_saturating_shift_left(ember_high_mul(normal, sqrt_half), 1);
    const int32_t r_b = ember_saturating_shift_left(x, headroom);
    const int32_t power_a = (12 - zeros) * (1 << 25) + quarter, power_b = (12 - headroom) * (1 << 25) - quarter;
    const int32_t r = r_a < r_b ? r_a : r_b, power = power_a > power_b ? power_a : power_b;

    const int32_t p = (int32_t)(((uint32_t)r + (uint32_t)sqrt_sqrt_half + 1u) >> 1), q = 2 * (r - sqrt_sqrt_half);
    const int32_t square = ember_high_mul(q, q);
    const int32_t numerator = ember_high_mul(q, r) + ember_high_mul(ember_high_mul(q, square), 117049297);
    const int32_t factor = 1057819769 + q + ember_high_mul(square, 127690142);
    const int32_t denominator_less_one = ember_high_mul(p, factor) + ember_high_mul(q, 638450708);
    const int32_t reciprocal = ember_one_over_one_plus(denominator_less_one);
    const int32_t fraction = ember_high_mul(ember_divide_by_pot(numerator, 6), reciprocal);
    return ember_saturating_shift_left(ember_high_mul(power, 1488522236) + fraction, 1); /* times log(2) */
}

static inline void ember_log_softmax_int8(const struct ember_log_softmax_int8 *p, const int8_t *input, int8_t *output) {
    const int32_t count = p->count;
    for (int32_t row = p->rows; row != 0; row--, input += count, output += count) {
        const int32_t most = ember_greatest_of_row(input, count);
        uint32_t sum = 0;
        for (int32_t i = 0; i < count; i++)
            sum += ember_summand(p, most - input[i]);
        const int32_t log_of_sum = ember_logarithm((int32_t)sum);
        const uint32_t from_least = (uint32_t)log_of_sum + (1u << 31);
        int32_t least = ember_scale((int32_t)from_least, p->reverse_multiplier, p->reverse_shift);
        if (least < p->diff_min - 1)
            least = p->diff_min - 1;
        for (int32_t i = 0; i < count; i++) {
            const int32_t difference = input[i] - most;
            int32_t value = INT8_MIN;
            if (difference > least) {
                const uint32_t exponent = (uint32_t)ember_scale(difference, p->multiplier, p->shift);
                value = ember_divide_by_pot((int32_t)(exponent - (uint32_t)log_of_sum), 22) + 127;
            }
            output[i] = (int8_t)ember_clamp(value, INT8_MIN, INT8_MAX);
        }
    }
}

/* Before it, of rows so long that the sum may not fit: returns -1 where one does not. */
static inline int ember_check_log_softmax(const struct ember_log_softmax_int8 *p, const int8_t *input) {
    for (int32_t row = p->rows; row != 0; row--, input += p->count) {
        const int32_t most = ember_greatest_of_row(input, p->count);
        uint32_t sum = 0;
        for (int32_t i = 0; i < p->count; i++) {
            sum += ember_summand(p, most - input[i]);
            if (sum > INT32_MAX)
                return -1;
        }
    }
    return 0;
}

#endif
