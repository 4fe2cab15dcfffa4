/* CONV_2D, and DEPTHWISE_CONV_2D of several outputs for each input channel. Planned by conv2d.py. */

#ifndef EMBER_CONV2D_H
#define EMBER_CONV2D_H

#include "ember_rows.h"

/* One tap, which goes from pixel to pixel: each of them is a row. */
struct ember_conv2d_point {
    struct ember_rows rows;
    int32_t pixels;
};

static EMBER_NOT_INLINED void ember_conv2d_point(const struct ember_conv2d_point *p, const int8_t *input,
                                                 int8_t *output) {
    ember_rows(&p->rows, 0, p->rows.channels.count, p->pixels, input, p->rows.weights, output);
}

struct ember_conv2d {
    struct ember_rows rows;
    uint16_t images, groups;
    uint16_t input_rows, input_columns, group_depth;
    uint16_t output_rows, output_columns, group_outputs;
    uint16_t filter_rows, filter_columns, stride_rows, stride_columns, pad_rows, pad_columns;
    uint16_t dilation_rows, dilation_columns;
    uint16_t run;    /* columns of the filter whose inputs lie side by side */
    int16_t outside; /* the value of taps outside the image: the input's zero point */
};

/* The inputs of one group that a filter sees whose first tap is at (y, x): a row of them. */
static EMBER_NOT_INLINED void ember_conv2d_gather(const struct ember_conv2d *p, const int8_t *input, int32_t y,
                                                  int32_t x, int8_t *patch) {
    const int32_t depth = p->group_depth, pixel = depth * p->groups, columns = p->input_columns, run = p->run;
    ember_fill_words(patch, p->rows.depth, p->outside);
    for (int32_t i = p->filter_rows; i != 0; i--, y += p->dilation_rows) {
        int32_t column = x;
        for (int32_t j = p->filter_columns; j > 0; j -= run, column += p->dilation_columns, patch += run * depth) {
            const int32_t first = column < 0 ? -column : 0, last = columns - column < run ? columns - column : run;
            if ((uint32_t)y < p->input_rows && first < last) {
                const int8_t *from = input + (y * columns + column + first) * pixel;
                int8_t *to = patch + first * depth;
                for (const int8_t *end = patch + last * depth; to != end;)
                    *to++ = *from++;
            }
        }
    }
}

/* `patches` has room for the inputs of two pixels, and to the end of a word. */
static inline void ember_conv2d(const struct ember_conv2d *p, const int8_t *input, int8_t *output, int8_t *patches) {
    for (int32_t image = p->images; image != 0; image--) {
        for (int32_t row = 0; row != p->output_rows; row++) {
            const int32_t y = row * p->stride_rows - p->pad_rows;
            int32_t x = -p->pad_columns;
            for (int32_t left = p->output_columns; left > 0; left -= 2) {
                const int32_t pixels = left == 1 ? 1 : 2;
                const int8_t *weights = p->rows.weights;
                for (int32_t group = 0; group != p->groups; group++) {
                    const int32_t channel = group * p->group_outputs;
                    int8_t *patch = patches;
                    for (int32_t i = 0; i != pixels; i++, patch += p->rows.depth)
                        ember_conv2d_gather(p, input + group * p->group_depth, y, x + i * p->stride_columns, patch);
                    weights = ember_rows(&p->rows, channel, p->group_outputs, pixels, patches, weights,
                                         output + channel);
                }
                x += 2 * p->stride_columns;
                output += pixels * p->rows.channels.count;
            }
        }
        input += p->input_rows * p->input_columns * p->group_depth * p->groups;
    }
}

#endif
