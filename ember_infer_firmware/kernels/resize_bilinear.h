/* RESIZE_BILINEAR: between the four nearest pixels. Planned by resize_bilinear.py. */

#ifndef EMBER_RESIZE_BILINEAR_H
#define EMBER_RESIZE_BILINEAR_H

#include "ember_floats.h"

/* Of rows or columns. */
struct ember_resize_axis {
    int32_t outputs, inputs;
    int32_t first, step; /* where the outputs lie among the inputs, in 1/1024 */
};

struct ember_resize_bilinear_int8 {
    struct ember_resize_axis rows;
    struct ember_resize_axis columns;
    int32_t images, channels;
};

/* The input before an output, and after it; returns how far it lies from the one before. */
static inline int32_t ember_resize_between(const struct ember_resize_axis *p, int32_t output, int32_t *lower,
                                           int32_t *upper) {
    const int32_t position = p->first + output * p->step;
    *lower = position < 0 ? 0 : position / 1024;
    *upper = (position + 1023) / 1024;
    if (*upper > p->inputs - 1)
        *upper = p->inputs - 1;
    return position - 1024 * *lower;
}

static inline void ember_resize_bilinear_int8(const struct ember_resize_bilinear_int8 *p, const int8_t *input,
                                              int8_t *output) {
    const int32_t channels = p->channels, input_row = p->columns.inputs * channels;
    for (int32_t image = p->images; image != 0; image--, input += p->rows.inputs * input_row) {
        for (int32_t row = 0; row < p->rows.outputs; row++) {
            int32_t upper_row, lower_row;
            const int32_t down = ember_resize_between(&p->rows, row, &upper_row, &lower_row);
            for (int32_t column = 0; column < p->columns.outputs; column++) {
                int32_t left, right;
                const int32_t across = ember_resize_between(&p->columns, column, &left, &right);
                const int8_t *a = input + upper_row * input_row + left * channels;
                const int8_t *b = input + upper_row * input_row + right * channels;
                const int8_t *c = input + lower_row * input_row + left * channels;
                const int8_t *d = input + lower_row * input_row + right * channels;
                const int32_t of_a = (1024 - down) * (1024 - across), of_b = (1024 - down) * across;
                const int32_t of_c = down * (1024 - across), of_d = down * across;
                for (int32_t i = channels; i != 0; i--) {
                    const int32_t sum = *a++ * of_a + *b++ * of_b + *c++ * of_c + *d++ * of_d;
                    *output++ = (int8_t)((sum + (1 << 19) - (sum < 0)) >> 20); /* rounds half away from zero */
                }
            }
        }
    }
}

struct ember_resize_bilinear_float32 {
    const int32_t *rows;            /* for each row of the output the elements before the two of the input */
    const int32_t *columns;         /* likewise */
    const float *row_fractions;     /* where it lies between them */
    const float *column_fractions;
    int32_t images, outputs_high, outputs_wide, channels;
    int32_t input_image; /* elements */
};

/* In TFLM's order; the last sum makes 0 of -0. */
static inline void ember_resize_bilinear_float32(const struct ember_resize_bilinear_float32 *p, const float *input,
                                                 float *output) {
    for (int32_t image = p->images; image != 0; image--, input += p->input_image) {
        for (int32_t row = 0; row < p->outputs_high; row++) {
            const float *up = input + p->rows[2 * row], *down = input + p->rows[2 * row + 1];
            const float low = p->row_fractions[row], high = 1.0f - low;
            for (int32_t column = 0; column < p->outputs_wide; column++) {
                const int32_t left = p->columns[2 * column], right = p->columns[2 * column + 1];
                const float far = p->column_fractions[column], near = 1.0f - far;
                for (int32_t i = 0; i < p->channels; i++)
                    *output++ = up[left + i] * high * near + down[left + i] * low * near + up[right + i] * high * far +
                                down[right + i] * low * far + 0.0f;
            }
        }
    }
}

#endif
