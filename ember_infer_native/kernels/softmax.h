/* SOFTMAX in gemmlowp's fixed point. Constants: for each of the 256 distances to a row's maximum the exponential as
   Q0.31, then the same as Q12.19, which the sum is made of. Planned by softmax.py. */

#include "fixed_point.h"

struct softmax {
    int rows, classes;
};

INLINE int32_t saturating_shift_left(int32_t a, int bits) {
    const int64_t shifted = (int64_t)a * ((int64_t)1 << bits);
    return shifted > INT32_MAX ? INT32_MAX : shifted < INT32_MIN ? INT32_MIN : (int32_t)shifted;
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

INLINE int leading_zeros(uint32_t a) {
    int zeros = 0;
    for (; zeros < 32 && !(a >> 31); zeros++) a <<= 1;
    return zeros;
}

INLINE void softmax(const struct softmax *p, const uint8_t *input, uint8_t *output, const uint8_t *constants) {
    const int32_t *exponentials = (const int32_t *)constants, *summands = exponentials + 256;
    for (int row = 0; row < p->rows; row++) {
        const byte_value *x = (const byte_value *)input + (ptrdiff_t)row * p->classes;
        uint8_t *to = output + (ptrdiff_t)row * p->classes;
        byte_value most = BYTE_MIN;
        for (int c = 0; c < p->classes; c++) most = x[c] > most ? x[c] : most;
        uint32_t total = 0; /* wraps, as TFLM's does */
        for (int c = 0; c < p->classes; c++) total += (uint32_t)summands[most - x[c]];
        /* From 512 equal classes on TFLM stops by an assertion; the answer is the least there. */
        if ((int32_t)total <= 0) total = INT32_MAX;
        const int zeros = leading_zeros(total);
        const int32_t scale = one_over_one_plus((int32_t)((total << zeros) - (1u << 31)));
        const int shift = 12 - zeros + 31 - 8;
        const int64_t nudge = ((int64_t)1 << shift) >> 1;
        for (int c = 0; c < p->classes; c++) {
            const int64_t value = ((int64_t)high_mul(scale, exponentials[most - x[c]]) + nudge) >> shift;
            to[c] = (uint8_t)((value > 255 ? 255 : value) - 128 + ACTIVATION_BIAS);
        }
    }
}
