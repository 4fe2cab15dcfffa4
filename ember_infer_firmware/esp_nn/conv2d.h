/* CONV_2D by ESP-NN. */

#ifndef EMBER_ESP_NN_CONV2D_H
#define EMBER_ESP_NN_CONV2D_H

#include "ember_esp_nn_types.h"

static inline void ember_esp_nn_conv2d(const struct ember_esp_nn_window *p, const int8_t *input, int8_t *output,
                                       void *scratch) {
    const conv_params_t params = {
        p->input_offset,
        p->output_offset,
        {p->stride_w, p->stride_h},
        {p->pad_w, p->pad_h},
        {0, 0},
        {p->activation_min, p->activation_max},
    };
    const quant_data_t scaling = ember_esp_nn_scaling(p);
    const data_dims_t input_dims = ember_esp_nn_input(p);
    const data_dims_t filter_dims = ember_esp_nn_filter(p);
    const data_dims_t output_dims = ember_esp_nn_output(p);
    esp_nn_set_conv_scratch_buf(scratch);
    for (int32_t batch = 0; batch < p->batches; batch++) {
        esp_nn_conv_s8(&input_dims, input, &filter_dims, p->weights, p->bias, &output_dims, output, &params, &scaling);
        input += p->input_h * p->input_w * p->input_c;
        output += p->output_h * p->output_w * p->output_c;
    }
}

#endif
