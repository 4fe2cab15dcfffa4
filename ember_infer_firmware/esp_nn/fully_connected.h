/* FULLY_CONNECTED by ESP-NN, with one scale for all outputs, or one for each. */

#ifndef EMBER_ESP_NN_FULLY_CONNECTED_H
#define EMBER_ESP_NN_FULLY_CONNECTED_H

#include "ember_esp_nn_types.h"

struct ember_esp_nn_fully_connected {
    const int8_t *weights;
    const int32_t *bias;
    int32_t multiplier, shift;
    int32_t rows, depth, outputs;
    int32_t input_offset, weights_offset, output_offset, activation_min, activation_max;
};

struct ember_esp_nn_fully_connected_per_channel {
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int32_t *shift;
    int32_t rows, depth, outputs;
    int32_t input_offset, weights_offset, output_offset, activation_min, activation_max;
};

#define EMBER_ESP_NN_FULLY_CONNECTED(function) \
    for (int32_t row = 0; row < p->rows; row++) { \
        function(input, p->input_offset, (uint16_t)p->depth, p->weights, p->weights_offset, p->bias, output, \
                 (uint16_t)p->outputs, p->output_offset, p->shift, p->multiplier, p->activation_min, \
                 p->activation_max); \
        input += p->depth; \
        output += p->outputs; \
    }

static inline void ember_esp_nn_fully_connected(const struct ember_esp_nn_fully_connected *p, const int8_t *input,
                                                int8_t *output) {
    EMBER_ESP_NN_FULLY_CONNECTED(esp_nn_fully_connected_s8)
}

static inline void ember_esp_nn_fully_connected_per_channel(const struct ember_esp_nn_fully_connected_per_channel *p,
                                                            const int8_t *input, int8_t *output) {
    EMBER_ESP_NN_FULLY_CONNECTED(esp_nn_fully_connected_per_ch_s8)
}

#endif
