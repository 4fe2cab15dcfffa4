/* Rows of inputs times a matrix of weights, two rows and four channels at a time: each weight that is loaded is used
   twice, each input four times. */

#ifndef EMBER_ROWS_H
#define EMBER_ROWS_H

#include "ember_channels.h"

struct ember_rows {
    const int8_t *weights; /* four channels at a time, column by column */
    struct ember_channels channels;
    int32_t depth;
};

/* `count` channels from this one on, of so many rows of inputs and of all outputs; returns where
   the weights of the channels after them are. */
static EMBER_NOT_INLINED const int8_t *ember_rows(const struct ember_rows *p, int32_t channel, int32_t count,
                                                  int32_t rows, const int8_t *input, const int8_t *weights,
                                                  int8_t *output) {
    for (; count > 0; count -= 4, channel += 4, weights += 4 * p->depth, output += 4) {
        const int8_t *x = input;
        int8_t *to = output;
        for (int32_t left = rows; left > 0; left -= 2, x += p->depth) {
            const int32_t *bias = p->channels.bias + channel;
            uint32_t a = (uint32_t)bias[0], b = (uint32_t)bias[1], c = (uint32_t)bias[2], d = (uint32_t)bias[3];
            uint32_t e = a, f = b, g = c, h = d;
            const int8_t *y = left == 1 ? x : x + p->depth, *w = weights;
            for (const int8_t *end = x + p->depth; x != end; w += 4) {
                const int32_t first = *x++, second = *y++;
                a += (uint32_t)(first * w[0]);
                e += (uint32_t)(second * w[0]);
                b += (uint32_t)(first * w[1]);
                f += (uint32_t)(second * w[1]);
                c += (uint32_t)(first * w[2]);
                g += (uint32_t)(second * w[2]);
                d += (uint32_t)(first * w[3]);
                h += (uint32_t)(second * w[3]);
            }
            uint32_t sums[16], *from = sums;
            sums[0] = a;
            sums[2] = b;
            sums[4] = c;
            sums[6] = d;
            sums[8] = e;
            sums[10] = f;
            sums[12] = g;
            sums[14] = h;
            for (int32_t i = left == 1 ? 1 : 2; i != 0; i--, from += 8, to += p->channels.count)
                ember_store(&p->channels, channel, count < 4 ? count : 4, from, to);
        }
    }
    return weights;
}

#endif
