/* FULLY_CONNECTED. Planned by fully_connected.py. */

#ifndef EMBER_FULLY_CONNECTED_H
#define EMBER_FULLY_CONNECTED_H

#include "ember_channels.h"

/* One multiplier and shift for all outputs, as ember_scaled_right takes them; the weights' zero point is 0. */
struct ember_fully_connected {
    const int8_t *weights; /* four rows at a time, column by column; the last ones, if fewer, likewise */
    const int32_t *bias;   /* with zeros behind the last ones, which are read as four */
    int32_t multiplier;
    int16_t shift, zero;
    int32_t rows, depth, outputs;
};

/* Anything else. */
struct ember_fully_connected_anyhow {
    const int8_t *weights; /* row by row */
    struct ember_channels channels;
    int32_t rows, depth, weights_offset;
};

static inline void ember_fully_connected(const struct ember_fully_connected *p, const int8_t *input, int8_t *output) {
    const int32_t depth = p->depth, multiplier = p->multiplier, shift = p->shift, zero = p->zero;
    for (int32_t row = p->rows; row != 0; row--, input += depth) {
        const int8_t *weights = p->weights;
        const int32_t *bias = p->bias;
        for (int32_t left = p->outputs; left > 0; left -= 4, bias += 4) {
            const int32_t together = left < 4 ? left : 4;
            uint32_t a = (uint32_t)bias[0], b = (uint32_t)bias[1], c = (uint32_t)bias[2], d = (uint32_t)bias[3];
            for (const int8_t *x = input, *end = x + depth; x != end; weights += together) {
                const int32_t value = *x++;
                a += (uint32_t)(value * weights[0]);
                b += (uint32_t)(value * weights[1]);
                c += (uint32_t)(value * weights[2]);
                d += (uint32_t)(value * weights[3]);
            }
            for (int32_t i = together; i != 0; i--, a = b, b = c, c = d)
                *output++ = ember_saturated(ember_scaled_right((int32_t)a, multiplier, shift, zero));
        }
    }
}

/* Output by output: there are few such layers. */
static inline void ember_fully_connected_anyhow(const struct ember_fully_connected_anyhow *p, const int8_t *input,
                                                int8_t *output) {
    for (int32_t row = p->rows; row != 0; row--, input += p->depth) {
        for (int32_t channel = 0; channel != p->channels.count; channel++) {
            const int8_t *weights = p->weights + channel * p->depth;
            uint32_t sum = (uint32_t)p->channels.bias[channel];
            for (int32_t i = 0; i != p->depth; i++)
                sum += (uint32_t)(input[i] * (weights[i] + p->weights_offset));
            ember_store(&p->channels, channel, 1, &sum, output++);
        }
    }
}

#endif
