/* ADD by ESP-NN. */

#ifndef EMBER_ESP_NN_ADD_H
#define EMBER_ESP_NN_ADD_H

#include "ember_esp_nn_types.h"

struct ember_esp_nn_add {
    int32_t count;
    int32_t input1_offset, input1_multiplier, input1_shift;
    int32_t input2_offset, input2_multiplier, input2_shift;
    int32_t left_shift;
    int32_t output_offset, output_multiplier, output_shift;
    int32_t activation_min, activation_max;
};

static inline void ember_esp_nn_add(const struct ember_esp_nn_add *p, const int8_t *input1, const int8_t *input2,
                                    int8_t *output) {
    esp_nn_add_elementwise_s8(input1, input2, p->input1_offset, p->input2_offset, p->input1_multiplier,
                              p->input2_multiplier, p->input1_shift, p->input2_shift, p->left_shift, output,
                              p->output_offset, p->output_multiplier, p->output_shift, p->activation_min,
                              p->activation_max, p->count);
}

#endif
