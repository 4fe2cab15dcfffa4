/* SOFTMAX of int8, in gemmlowp's fixed point. Planned by softmax.py. */

#ifndef EMBER_SOFTMAX_H
#define EMBER_SOFTMAX_H

#include "ember_reciprocal.h"

struct ember_softmax {
    const int32_t *exponentials; /* as Q0.31, by the distance to the row's maximum */
    int32_t rows, count;
    int32_t farthest; /* distance of which the exponential is not 0 */
};

/* `bits` of a result: 8 or 16. */
static inline void ember_softmax_bits(const struct ember_softmax *p, int32_t bits, const int8_t *input, void *output) {
    const int32_t *exponentials = p->exponentials;
    int8_t *bytes = output;
    int16_t *words = output;
    for (int32_t row = p->rows; row != 0; row--, input += p->count) {
        int32_t most = -128;
        for (int32_t c = 0; c < p->count; c++)
            most = input[c] > most ? input[c] : most;
        uint32_t total = 0; /* as Q12.19; wraps */
        for (int32_t c = 0; c < p->count; c++) {
            const int32_t distance = most - input[c];
            if (distance <= p->farthest)
                total += (uint32_t)ember_divide_by_pot(exponentials[distance], 12);
        }
        if (total == 0)
            total = INT32_MAX;
        const int32_t zeros = ember_leading_zeros(total);
        const int32_t scale = ember_one_over_one_plus((int32_t)((total << zeros) - (1u << 31)));
        const int32_t shift = 43 - bits - zeros < 0 ? 0 : 43 - bits - zeros; /* less than 0 where the sum wraps */
        /* TensorFlow Lite Micro stops by an assertion where the sum is 512 or more; the answer is the least there. */
        const int32_t farthest = shift > 31 ? -1 : p->farthest;
        for (int32_t c = 0; c < p->count; c++) {
            const int32_t distance = most - input[c];
            int32_t value = 0;
            if (distance <= farthest)
                value = ember_scale_apart(exponentials[distance], scale, -shift);
            value = ember_clamp(value, 0, (1 << bits) - 1) - (1 << (bits - 1));
            if (bits == 8)
                *bytes++ = (int8_t)value;
            else
                *words++ = (int16_t)value;
        }
    }
}

static inline void ember_softmax(const struct ember_softmax *p, const int8_t *input, int8_t *output) {
    ember_softmax_bits(p, 8, input, output);
}

static inline void ember_softmax_int16(const struct ember_softmax *p, const int8_t *input, int16_t *output) {
    ember_softmax_bits(p, 16, input, output);
}

#endif
