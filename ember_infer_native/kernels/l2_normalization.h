/* L2_NORMALIZATION of int8. Planned by l2_normalization.py. */

#include "reciprocal.h"

struct l2_normalization {
    int rows, count, offset;
};

INLINE void l2_normalization(const struct l2_normalization *p, const uint8_t *input, uint8_t *output) {
    const int offset = p->offset - ACTIVATION_BIAS;
    for (int row = 0; row < p->rows; row++) {
        const byte_value *x = (const byte_value *)input + (ptrdiff_t)row * p->count;
        uint8_t *to = output + (ptrdiff_t)row * p->count;
        uint32_t squares = 0; /* wraps, as TFLM's do */
        for (int i = 0; i < p->count; i++) squares += (uint32_t)((x[i] + offset) * (x[i] + offset));
        int shift;
        const int32_t multiplier = inverse_square_root((int32_t)squares, &shift);
        for (int i = 0; i < p->count; i++) {
            const int32_t scaled = multiply_by_quantized_multiplier(x[i] + offset, multiplier, shift + 7);
            to[i] = (uint8_t)(clamped(scaled, -128, 127) + ACTIVATION_BIAS);
        }
    }
}
