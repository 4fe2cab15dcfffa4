/* TRANSPOSE_CONV. TFLM adds each input pixel, times all taps, to sums of the whole output; here each output pixel looks
   for the inputs that meet it, which takes no memory for sums. Planned by transpose_conv.py. */

#ifndef EMBER_TRANSPOSE_CONV_H
#define EMBER_TRANSPOSE_CONV_H

#include "ember_fixed_point.h"

/* Of rows or columns. */
struct ember_transposed_axis {
    int32_t inputs, outputs, taps, stride, pad;
};

struct ember_transpose_conv {
    const int8_t *weights; /* of four channels at a time, which take turns, tap by tap; then of the last ones */
    const int32_t *bias; /* whole fours of them */
    const int32_t *multiplier;
    const int8_t *shift;
    struct ember_transposed_axis rows;
    struct ember_transposed_axis columns;
    int32_t images, depth, channels, input_offset;
    int32_t scale_step; /* from a channel's multiplier and shift to the next one's: 0 where all have the same */
    int32_t output_offset, activation_min, activation_max;
};

/* The first tap that meets an input at this element of the output, and which input: every stride-th tap then meets the
   input before. */
static inline int32_t ember_first_tap(const struct ember_transposed_axis *p, int32_t output, int32_t *input) {
    int32_t tap = (output + p->pad) % p->stride, met = (output + p->pad) / p->stride;
    if (met >= p->inputs) {
        tap += (met - p->inputs + 1) * p->stride;
        met = p->inputs - 1;
    }
    *input = met;
    return tap;
}

/* Adds the products of a pixel and the weights of up to four channels: `together` of them. The sums beyond those are of
   no use, and cost less than loops for each number of channels. Not inlined, so that registers hold all of it; every
   second one of `sums`, because of four side by side compilers for processors with vectors would make one. */
static EMBER_NOT_INLINED void ember_add_tap(uint32_t *sums, const int8_t *input, const int8_t *weights, int32_t depth,
                                            int32_t offset, int32_t together) {
    uint32_t a = sums[0], b = sums[2], c = sums[4], d = sums[6];
    for (const int8_t *end = input + depth; input != end; weights += together) {
        const int32_t x = *input++ + offset;
        a += (uint32_t)(x * weights[0]);
        b += (uint32_t)(x * weights[1]);
        c += (uint32_t)(x * weights[2]);
        d += (uint32_t)(x * weights[3]);
    }
    sums[0] = a;
    sums[2] = b;
    sums[4] = c;
    sums[6] = d;
}

/* One pixel of the output. */
static inline void ember_transposed_pixel(const struct ember_transpose_conv *p, const int8_t *image, int32_t row,
                                          int32_t column, int8_t *output) {
    const int8_t *weights = p->weights;
    int32_t bottom, right;
    const int32_t top_tap = ember_first_tap(&p->rows, row, &bottom);
    const int32_t left_tap = ember_first_tap(&p->columns, column, &right);
    for (int32_t c = 0, together; c < p->channels; c += together) {
        together = p->channels - c < 4 ? p->channels - c : 4;
        const int32_t *bias = p->bias + c;
        uint32_t sums[7];
        sums[0] = (uint32_t)bias[0];
        sums[2] = (uint32_t)bias[1];
        sums[4] = (uint32_t)bias[2];
        sums[6] = (uint32_t)bias[3];
        for (int32_t i = top_tap, y = bottom; i < p->rows.taps && y >= 0; i += p->rows.stride, y--) {
            for (int32_t j = left_tap, x = right; j < p->columns.taps && x >= 0; j += p->columns.stride, x--) {
                const int8_t *input = image + (y * p->columns.inputs + x) * p->depth;
                const int8_t *tap = weights + (i * p->columns.taps + j) * p->depth * together;
                ember_add_tap(sums, input, tap, p->depth, p->input_offset, together);
            }
        }
        weights += p->rows.taps * p->columns.taps * p->depth * together;
        for (int32_t i = 0; i < together; i++) {
            const int32_t at = (c + i) * p->scale_step, sum = (int32_t)sums[2 * i];
            const uint32_t scaled = (uint32_t)ember_scale(sum, p->multiplier[at], p->shift[at]);
            const int32_t value = (int32_t)(scaled + (uint32_t)p->output_offset); /* wraps, as TFLM's does */
            *output++ = (int8_t)ember_clamp(value, p->activation_min, p->activation_max);
        }
    }
}

static inline void ember_transpose_conv(const struct ember_transpose_conv *p, const int8_t *input, int8_t *output) {
    const int32_t image = p->rows.inputs * p->columns.inputs * p->depth;
    for (int32_t n = p->images; n != 0; n--, input += image) {
        for (int32_t row = 0; row < p->rows.outputs; row++) {
            for (int32_t column = 0; column < p->columns.outputs; column++, output += p->channels)
                ember_transposed_pixel(p, input, row, column, output);
        }
    }
}

#endif
