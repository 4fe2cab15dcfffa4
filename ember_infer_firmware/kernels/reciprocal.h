/* Reciprocals in gemmlowp's fixed point. */

#ifndef EMBER_RECIPROCAL_H
#define EMBER_RECIPROCAL_H

#include "ember_fixed_point.h"

static inline int32_t ember_leading_zeros(uint32_t a) {
    int32_t zeros = 0;
    for (; zeros < 32 && !(a >> 31); zeros++)
        a <<= 1;
    return zeros;
}

static inline int32_t ember_saturating_shift_left(int32_t a, int32_t bits) {
    const int32_t most = INT32_MAX >> bits;
    return a > most ? INT32_MAX : a < -most - 1 ? -INT32_MAX - 1 : (int32_t)((uint32_t)a << bits);
}

/* 1 / (1 + a) for a from 0 to 1, both as Q0.31, by three steps of Newton's method in Q2.29. Only the last shift of
   gemmlowp's can saturate for such. */
static inline int32_t ember_one_over_one_plus(int32_t a) {
    const int32_t half_denominator = (a >> 1) + (1 << 30); /* rounded down, as gemmlowp's half sum with 2**31 - 1 */
    int32_t x = 1515870810 + ember_scale_apart(half_denominator, -1010580540, 0);
    for (int32_t step = 3; step != 0; step--) {
        const int32_t one_minus = (1 << 29) - ember_scale_apart(half_denominator, x, 0);
        x += ember_scale_apart(x, one_minus, 0) * 4;
    }
    return x > INT32_MAX / 2 ? INT32_MAX : x * 2;
}

#endif
