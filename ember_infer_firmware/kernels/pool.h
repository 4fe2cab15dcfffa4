/* AVERAGE_POOL_2D and MAX_POOL_2D: taps outside the image count for nothing. Planned by pool.py. */

#ifndef EMBER_POOL_H
#define EMBER_POOL_H

#include "ember_common.h"

struct ember_pool {
    uint16_t images, channels;
    uint16_t input_rows, input_columns;
    uint16_t output_rows, output_columns;
    uint16_t filter_rows, filter_columns, stride_rows, stride_columns, pad_rows, pad_columns;
    int16_t low, high;
};

/* One channel of a window that lies within the image. */
static inline int32_t ember_pool_average(const int8_t *input, int32_t rows, int32_t columns, int32_t row,
                                         int32_t channels) {
    const int32_t count = rows * columns;
    uint32_t total = 0; /* wraps, as TFLM's does */
    for (; rows != 0; rows--, input += row) {
        const int8_t *x = input;
        for (int32_t i = columns; i != 0; i--, x += channels) {
            const int32_t element = *x;
            total += (uint32_t)element;
        }
    }
    const int32_t sum = (int32_t)total;
    return (sum + (sum > 0 ? count / 2 : -(count / 2))) / count; /* half away from zero */
}

static inline int32_t ember_pool_maximum(const int8_t *input, int32_t rows, int32_t columns, int32_t row,
                                         int32_t channels) {
    int32_t most = -128;
    for (; rows != 0; rows--, input += row) {
        const int8_t *x = input;
        for (int32_t i = columns; i != 0; i--, x += channels)
            most = *x > most ? *x : most;
    }
    return most;
}

static inline void ember_pool(const struct ember_pool *p, int is_average, const int8_t *input, int8_t *output) {
    const int32_t channels = p->channels, row = p->input_columns * channels;
    for (int32_t image = p->images; image != 0; image--, input += p->input_rows * row) {
        for (int32_t i = 0; i < p->output_rows; i++) {
            const int32_t y = i * p->stride_rows - p->pad_rows, top = y < 0 ? 0 : y;
            const int32_t rows = ember_clamp(y + p->filter_rows, 0, p->input_rows) - top;
            for (int32_t j = 0; j < p->output_columns; j++) {
                const int32_t x = j * p->stride_columns - p->pad_columns, left = x < 0 ? 0 : x;
                const int32_t columns = ember_clamp(x + p->filter_columns, 0, p->input_columns) - left;
                const int8_t *from = input + top * row + left * channels;
                for (int32_t c = channels; c != 0; c--, from++) {
                    const int32_t value = is_average ? ember_pool_average(from, rows, columns, row, channels)
                                                     : ember_pool_maximum(from, rows, columns, row, channels);
                    *output++ = (int8_t)ember_clamp(value, p->low, p->high);
                }
            }
        }
    }
}

static inline void ember_avg_pool(const struct ember_pool *p, const int8_t *input, int8_t *output) {
    ember_pool(p, 1, input, output);
}

static inline void ember_max_pool(const struct ember_pool *p, const int8_t *input, int8_t *output) {
    ember_pool(p, 0, input, output);
}

#endif
