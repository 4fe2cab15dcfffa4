/* MEAN over the pixels of an image by ESP-NN. */

#ifndef EMBER_ESP_NN_MEAN_H
#define EMBER_ESP_NN_MEAN_H

#include "ember_esp_nn_types.h"

struct ember_esp_nn_mean {
    int32_t height, width, channels;
    int32_t input_zero_point, output_zero_point;
    int32_t multiplier, shift;
};

static inline void ember_esp_nn_mean(const struct ember_esp_nn_mean *p, const int8_t *input, int8_t *output) {
    esp_nn_mean_nhwc_s8(input, output, p->height, p->width, p->channels, p->input_zero_point, p->output_zero_point,
                        p->multiplier, p->shift);
}

#endif
