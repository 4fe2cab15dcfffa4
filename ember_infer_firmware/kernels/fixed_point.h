/* The fixed-point arithmetic of gemmlowp and TensorFlow Lite Micro, bit for bit. Right shifts of negative numbers are
   arithmetic, and conversions keep the low bits, as every compiler for small machines has it. */

#ifndef EMBER_FIXED_POINT_H
#define EMBER_FIXED_POINT_H

#include "ember_common.h"

/* round(a * b / 2**31), ties towards plus infinity. b is not -2**31. */
static inline int32_t ember_high_mul(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* round(x / 2**exponent), ties away from zero, for exponents from 0 to 31. */
static inline int32_t ember_divide_by_pot(int32_t x, int32_t exponent) {
    const int32_t mask = (int32_t)((1u << exponent) - 1u);
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + ((x & mask) > threshold);
}

/* x * multiplier * 2**(shift - 31), rounded twice, as MultiplyByQuantizedMultiplier has it. */
static inline int32_t ember_scale(int32_t x, int32_t multiplier, int32_t shift) {
    const int32_t left = shift & ~(shift >> 31), right = left - shift; /* of these, one is 0 */
    return ember_divide_by_pot(ember_high_mul((int32_t)((uint32_t)x << left), multiplier), right);
}

/* The same where it is not done often: one copy of it in flash. */
static EMBER_NOT_INLINED int32_t ember_scale_apart(int32_t x, int32_t multiplier, int32_t shift) {
    return ember_scale(x, multiplier, shift);
}

#endif
