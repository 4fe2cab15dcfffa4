/* FULLY_CONNECTED by CMSIS-NN. The bias holds what the input's zero point comes to, and so is what the library calls
   kernel sums, too. */

#ifndef EMBER_CMSIS_NN_FULLY_CONNECTED_H
#define EMBER_CMSIS_NN_FULLY_CONNECTED_H

#include "ember_cmsis_nn_types.h"

struct ember_cmsis_nn_fully_connected {
    const int8_t *weights;
    const int32_t *bias;
    int32_t multiplier, shift;
    int32_t rows, depth, outputs;
    int32_t output_offset, activation_min, activation_max;
};

struct ember_cmsis_nn_fully_connected_per_channel {
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int32_t *shift;
    int32_t rows, depth, outputs;
    int32_t output_offset, activation_min, activation_max;
};

#define EMBER_CMSIS_NN_FULLY_CONNECTED(function) \
    const cmsis_nn_context context = {(void *)p->bias, 0}; \
    const cmsis_nn_fc_params params = {0, 0, p->output_offset, {p->activation_min, p->activation_max}}; \
    const cmsis_nn_dims input_dims = {p->rows, 1, 1, p->depth}; \
    const cmsis_nn_dims filter_dims = {p->depth, 1, 1, p->outputs}; \
    const cmsis_nn_dims bias_dims = {0, 0, 0, p->outputs}; \
    const cmsis_nn_dims output_dims = {p->rows, 1, 1, p->outputs}; \
    return ember_cmsis_nn_status(function(&context, &params, &scaling, &input_dims, input, &filter_dims, p->weights, \
                                          &bias_dims, p->bias, &output_dims, output))

static inline int ember_cmsis_nn_fully_connected(const struct ember_cmsis_nn_fully_connected *p, const int8_t *input,
                                                 int8_t *output) {
    const cmsis_nn_per_tensor_quant_params scaling = {p->multiplier, p->shift};
    EMBER_CMSIS_NN_FULLY_CONNECTED(arm_fully_connected_s8);
}

static inline int ember_cmsis_nn_fully_connected_per_channel(
    const struct ember_cmsis_nn_fully_connected_per_channel *p, const int8_t *input, int8_t *output) {
    const cmsis_nn_per_channel_quant_params scaling = {(int32_t *)p->multiplier, (int32_t *)p->shift};
    EMBER_CMSIS_NN_FULLY_CONNECTED(arm_fully_connected_per_channel_s8);
}

#endif
