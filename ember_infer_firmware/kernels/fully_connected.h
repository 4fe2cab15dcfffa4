/* FULLY_CONNECTED. Planned by fully_connected.py. */

#ifndef EMBER_FULLY_CONNECTED_H
#define EMBER_FULLY_CONNECTED_H

#include "ember_sums.h"

struct ember_fully_connected {
    const int8_t *weights; /* four rows at a time, column by column; then the last rows, one by one */
    const int32_t *bias;   /* with what the zero points come to */
    struct ember_scaling scaling;
    int32_t rows, depth, outputs;
    int32_t weights_offset;
};

static inline void ember_fully_connected(const struct ember_fully_connected *p, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < p->rows; row++, input += p->depth) {
        const int8_t *weights = p->weights;
        uint32_t of_input = 0; /* the same for all outputs, and mostly nothing */
        if (p->weights_offset != 0) {
            for (int32_t i = 0; i < p->depth; i++)
                of_input += (uint32_t)(input[i] * p->weights_offset);
        }
        int32_t c = 0;
        for (; c + 4 <= p->outputs; c += 4, weights += 4 * p->depth, output += 4) {
            uint32_t sums[4];
            for (int32_t i = 0; i < 4; i++)
                sums[i] = (uint32_t)p->bias[c + i] + of_input;
            ember_dot4(sums, input, weights, p->depth, 0);
            ember_scale4(&p->scaling, c, sums, output);
        }
        for (; c < p->outputs; c++, weights += p->depth)
            *output++ = ember_scaled(&p->scaling, c, ember_dot((uint32_t)p->bias[c] + of_input, input, weights, p->depth, 0));
    }
}

#endif
