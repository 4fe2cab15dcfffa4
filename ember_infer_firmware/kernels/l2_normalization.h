/* L2_NORMALIZATION: rows divided by their lengths. Planned by l2_normalization.py. */

#ifndef EMBER_L2_NORMALIZATION_H
#define EMBER_L2_NORMALIZATION_H

#include "ember_reciprocal.h"

struct ember_l2_normalization_int8 {
    int32_t rows, count, offset;
};

/* TFLM's GetInvSqrtQuantizedMultiplierExp: the multiplier of 1 / sqrt(x), and its shift; five of Newton's steps in
   Q3.28. */
static inline int32_t ember_inverse_square_root(int32_t x, int32_t *shift) {
    *shift = 0;
    if (x <= 1)
        return INT32_MAX;
    const int32_t excess = x >= 1 << 29;
    if (excess)
        x >>= 2;
    const int32_t pairs = (ember_leading_zeros((uint32_t)x) - 1) / 2 - 1;
    const int32_t half = (((x << 2 * pairs) >> 1) + 1) >> 1;
    int32_t estimate = 1 << 28;
    for (int32_t step = 5; step != 0; step--) {
        const int32_t square = ember_high_mul(estimate, estimate);
        const int32_t cube = ember_saturating_shift_left(ember_high_mul(square, estimate), 6);
        const int32_t next = ember_high_mul((1 << 28) + (1 << 27), estimate) - ember_high_mul(half, cube);
        estimate = ember_saturating_shift_left(next, 3);
    }
    const int32_t multiplier = ember_high_mul(estimate, 1518500250); /* sqrt(1/2) */
    const int32_t right = 11 + excess - pairs;
    *shift = right > 0 ? -right : 0;
    return right < 0 ? (int32_t)((uint32_t)multiplier << -right) : multiplier;
}

static inline void ember_l2_normalization_int8(const struct ember_l2_normalization_int8 *p, const int8_t *input,
                                               int8_t *output) {
    const int32_t count = p->count, offset = p->offset;
    for (int32_t row = p->rows; row != 0; row--, input += count, output += count) {
        uint32_t squares = 0; /* wraps, as TFLM's sum does */
        for (int32_t i = 0; i < count; i++)
            squares += (uint32_t)((input[i] + offset) * (input[i] + offset));
        int32_t shift;
        const int32_t multiplier = ember_inverse_square_root((int32_t)squares, &shift);
        for (int32_t i = 0; i < count; i++) {
            const int32_t scaled = ember_scale(input[i] + offset, multiplier, shift + 7);
            output[i] = (int8_t)ember_clamp(scaled, INT8_MIN, INT8_MAX);
        }
    }
}

#endif
