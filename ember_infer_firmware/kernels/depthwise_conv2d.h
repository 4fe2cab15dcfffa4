/* DEPTHWISE_CONV_2D of four channels or more, with one output for each. Planned by depthwise_conv2d.py. */

#ifndef EMBER_DEPTHWISE_CONV2D_H
#define EMBER_DEPTHWISE_CONV2D_H

#include "ember_channels.h"

struct ember_depthwise_conv2d {
    const int8_t *weights; /* four channels at a time, tap by tap; the last four may be some of those before once more */
    struct ember_channels outputs;
    uint16_t images;
    uint16_t input_rows, input_columns;
    uint16_t output_rows, output_columns;
    uint8_t filter_rows, filter_columns, stride_rows, stride_columns, pad_rows, pad_columns;
    uint8_t dilation_rows, dilation_columns;
    int16_t outside; /* the value of taps outside the image: the input's zero point */
};

/* The channels of one pixel. */
static inline void ember_depthwise_conv2d_pixel(const struct ember_depthwise_conv2d *p, const int8_t *const *taps,
                                                const int8_t *const *end, int8_t *output) {
    const int8_t *weights = p->weights;
    const int32_t last = p->outputs.count - 4;
    for (int32_t channel = 0;;) {
        const int32_t *bias = p->outputs.bias + channel;
        uint32_t a = (uint32_t)bias[0], b = (uint32_t)bias[1], c = (uint32_t)bias[2], d = (uint32_t)bias[3];
        for (const int8_t *const *tap = taps; tap != end; weights += 4) {
            const int8_t *x = *tap++ + channel;
            a += (uint32_t)(x[0] * weights[0]);
            b += (uint32_t)(x[1] * weights[1]);
            c += (uint32_t)(x[2] * weights[2]);
            d += (uint32_t)(x[3] * weights[3]);
        }
        uint32_t sums[8];
        sums[0] = a;
        sums[2] = b;
        sums[4] = c;
        sums[6] = d;
        ember_store(&p->outputs, channel, 4, sums, output + channel);
        if (channel == last)
            return;
        channel = channel + 4 < last ? channel + 4 : last;
    }
}

/* `taps` has room for a pointer for each tap, and a pixel up to the end of a word. */
static inline void ember_depthwise_conv2d(const struct ember_depthwise_conv2d *p, const int8_t *input, int8_t *output,
                                          const int8_t **taps) {
    const int32_t channels = p->outputs.count;
    int8_t *outside = (int8_t *)(taps + p->filter_rows * p->filter_columns);
    ember_fill_words(outside, channels, p->outside);
    for (int32_t image = p->images; image != 0; image--) {
        for (int32_t row = 0; row != p->output_rows; row++) {
            for (int32_t column = 0; column != p->output_columns; column++) {
                const int8_t **end = taps;
                int32_t y = row * p->stride_rows - p->pad_rows;
                for (int32_t i = p->filter_rows; i != 0; i--, y += p->dilation_rows) {
                    int32_t x = column * p->stride_columns - p->pad_columns;
                    for (int32_t j = p->filter_columns; j != 0; j--, x += p->dilation_columns) {
                        const int is_inside = (uint32_t)y < p->input_rows && (uint32_t)x < p->input_columns;
                        *end++ = is_inside ? input + (y * p->input_columns + x) * channels : outside;
                    }
                }
                ember_depthwise_conv2d_pixel(p, taps, end, output);
                output += channels;
            }
        }
        input += p->input_rows * p->input_columns * channels;
    }
}

#endif
