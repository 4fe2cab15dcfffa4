/* TRANSPOSE_CONV. TFLM adds each input pixel, times all taps, to sums of the whole output; here each output pixel looks
   for the inputs that meet it, which takes no memory for sums. Planned by transpose_conv.py. */

#ifndef EMBER_TRANSPOSE_CONV_H
#define EMBER_TRANSPOSE_CONV_H

#include "ember_sums.h"

/* Of rows or columns. */
struct ember_transposed_axis {
    int32_t inputs, outputs, taps, stride, pad;
};

struct ember_transpose_conv {
    const int8_t *weights; /* four channels at a time, tap by tap; then the last channels, one by one */
    const int32_t *bias;   /* or a null pointer */
    struct ember_scaling scaling;
    struct ember_transposed_axis rows;
    struct ember_transposed_axis columns;
    int32_t images, depth, channels, input_offset;
};

/* Adds to the sums of one channel, or of four, at a pixel of the output. */
static inline void ember_transposed_sums(const struct ember_transpose_conv *p, const int8_t *image, int32_t row,
                                         int32_t column, const int8_t *weights, int32_t together, uint32_t *sums) {
    const int32_t depth = p->depth, offset = p->input_offset;
    /* Of the taps every stride-th meets an input: the first one the farthest, then the one before. */
    int32_t y = (row + p->rows.pad) / p->rows.stride;
    for (int32_t i = (row + p->rows.pad) % p->rows.stride; i < p->rows.taps && y >= 0; i += p->rows.stride, y--) {
        int32_t x = (column + p->columns.pad) / p->columns.stride;
        int32_t j = (column + p->columns.pad) % p->columns.stride;
        for (; j < p->columns.taps && x >= 0; j += p->columns.stride, x--) {
            if (y >= p->rows.inputs || x >= p->columns.inputs)
                continue;
            const int8_t *input = image + (y * p->columns.inputs + x) * depth;
            const int8_t *tap = weights + (i * p->columns.taps + j) * depth * together;
            if (together == 4)
                ember_dot4(sums, input, tap, depth, offset);
            else
                sums[0] = ember_dot(sums[0], input, tap, depth, offset);
        }
    }
}

static inline void ember_transpose_conv(const struct ember_transpose_conv *p, const int8_t *input, int8_t *output) {
    const int32_t filter = p->rows.taps * p->columns.taps * p->depth; /* weights of a channel */
    const int32_t image = p->rows.inputs * p->columns.inputs * p->depth;
    for (int32_t n = p->images; n != 0; n--, input += image) {
        for (int32_t row = 0; row < p->rows.outputs; row++) {
            for (int32_t column = 0; column < p->columns.outputs; column++) {
                const int8_t *weights = p->weights;
                for (int32_t c = 0; c < p->channels;) {
                    const int32_t together = c + 4 <= p->channels ? 4 : 1;
                    uint32_t sums[4] = {0, 0, 0, 0};
                    ember_transposed_sums(p, input, row, column, weights, together, sums);
                    weights += filter * together;
                    for (int32_t i = 0; i < together; i++, c++)
                        *output++ = ember_scaled(&p->scaling, c, p->bias ? sums[i] + (uint32_t)p->bias[c] : sums[i]);
                }
            }
        }
    }
}

#endif
