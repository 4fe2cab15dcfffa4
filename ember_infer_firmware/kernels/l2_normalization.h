/* L2_NORMALIZATION: rows divided by their lengths. Planned by l2_normalization.py. */

#ifndef EMBER_L2_NORMALIZATION_H
#define EMBER_L2_NORMALIZATION_H

#include "ember_reciprocal.h"

struct ember_l2_normalization_int8 {
    int32_t rows, count, offset;
};

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
