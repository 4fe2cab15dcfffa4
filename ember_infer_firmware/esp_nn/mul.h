/* MUL by ESP-NN, element by element, or of every pixel with the same channels. */

#ifndef EMBER_ESP_NN_MUL_H
#define EMBER_ESP_NN_MUL_H

#include "ember_esp_nn_types.h"

struct ember_esp_nn_mul {
    int32_t count, channels;
    int32_t input1_offset, input2_offset;
    int32_t output_offset, output_multiplier, output_shift;
    int32_t activation_min, activation_max;
};

static inline void ember_esp_nn_mul(const struct ember_esp_nn_mul *p, const int8_t *input1, const int8_t *input2,
                                    int8_t *output) {
    esp_nn_mul_elementwise_s8(input1, input2, p->input1_offset, p->input2_offset, output, p->output_offset,
                              p->output_multiplier, p->output_shift, p->activation_min, p->activation_max, p->count);
}

/* The second input has the channels. */
static inline void ember_esp_nn_mul_channels(const struct ember_esp_nn_mul *p, const int8_t *input1,
                                             const int8_t *input2, int8_t *output) {
    esp_nn_mul_broadcast_channel_s8(input1, input2, p->input1_offset, p->input2_offset, output, p->output_offset,
                                    p->output_multiplier, p->output_shift, p->activation_min, p->activation_max,
                                    p->count / p->channels, p->channels);
}

#endif
