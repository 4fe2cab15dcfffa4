/* RESIZE_NEAREST_NEIGHBOR: pixels that tables of rows and columns name. Planned by resize_nearest_neighbor.py. */

#ifndef EMBER_RESIZE_NEAREST_NEIGHBOR_H
#define EMBER_RESIZE_NEAREST_NEIGHBOR_H

#include "ember_common.h"

struct ember_resize_nearest_neighbor {
    const uint16_t *row_of;    /* for each row of the output the input's: TFLM finds it in floating point */
    const uint16_t *column_of; /* likewise */
    int32_t images, rows, columns; /* of the output */
    int32_t pixel;                 /* bytes */
    int32_t input_row, input_image; /* bytes */
};

static inline void ember_resize_nearest_neighbor(const struct ember_resize_nearest_neighbor *p, const void *input,
                                                 void *output) {
    const uint8_t *image = (const uint8_t *)input;
    uint8_t *to = (uint8_t *)output;
    const int32_t pixel = p->pixel;
    for (int32_t i = p->images; i != 0; i--, image += p->input_image) {
        for (int32_t row = 0; row < p->rows; row++) {
            const uint8_t *from = image + p->row_of[row] * p->input_row;
            for (int32_t column = 0; column < p->columns; column++, to += pixel)
                memcpy(to, from + p->column_of[column] * pixel, (size_t)pixel);
        }
    }
}

#endif
