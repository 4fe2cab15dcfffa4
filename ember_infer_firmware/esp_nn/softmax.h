/* SOFTMAX by ESP-NN. */

#ifndef EMBER_ESP_NN_SOFTMAX_H
#define EMBER_ESP_NN_SOFTMAX_H

#include "ember_esp_nn_types.h"

struct ember_esp_nn_softmax {
    int32_t rows, depth;
    int32_t multiplier, shift, diff_min;
};

static inline void ember_esp_nn_softmax(const struct ember_esp_nn_softmax *p, const int8_t *input, int8_t *output,
                                        void *scratch) {
    esp_nn_set_softmax_scratch_buf(scratch);
    esp_nn_softmax_s8(input, p->rows, p->depth, p->multiplier, p->shift, p->diff_min, output);
}

#endif
