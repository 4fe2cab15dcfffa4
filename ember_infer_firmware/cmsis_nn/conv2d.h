/* CONV_2D by CMSIS-NN: its general convolution, and those for filters of one element. Each is a function of its own,
   so that a program has those alone that it calls. */

#ifndef EMBER_CMSIS_NN_CONV2D_H
#define EMBER_CMSIS_NN_CONV2D_H

#include "ember_cmsis_nn_types.h"

static inline cmsis_nn_conv_params ember_cmsis_nn_conv_params(const struct ember_cmsis_nn_window *p) {
    const cmsis_nn_conv_params params = {
        p->input_offset,
        p->output_offset,
        {p->stride_w, p->stride_h},
        {p->pad_w, p->pad_h},
        {p->dilation_w, p->dilation_h},
        {p->activation_min, p->activation_max},
    };
    return params;
}

#define EMBER_CMSIS_NN_CONV2D(function, ...) \
    const cmsis_nn_context context = {scratch, 0}; \
    const cmsis_nn_conv_params params = ember_cmsis_nn_conv_params(p); \
    const cmsis_nn_per_channel_quant_params scaling = ember_cmsis_nn_scaling(p); \
    const cmsis_nn_dims input_dims = ember_cmsis_nn_input(p); \
    const cmsis_nn_dims filter_dims = ember_cmsis_nn_filter(p); \
    const cmsis_nn_dims bias_dims = {0, 0, 0, p->output_c}; \
    const cmsis_nn_dims output_dims = ember_cmsis_nn_output(p); \
    return ember_cmsis_nn_status(function(&context, &params, &scaling, &input_dims, input, &filter_dims, p->weights, \
                                          &bias_dims, p->bias, __VA_ARGS__, output))

static inline int ember_cmsis_nn_conv2d(const struct ember_cmsis_nn_window *p, const int8_t *input, int8_t *output,
                                        void *scratch) {
    EMBER_CMSIS_NN_CONV2D(arm_convolve_s8, NULL, &output_dims);
}

static inline int ember_cmsis_nn_conv2d_1x1(const struct ember_cmsis_nn_window *p, const int8_t *input,
                                            int8_t *output, void *scratch) {
    EMBER_CMSIS_NN_CONV2D(arm_convolve_1x1_s8, &output_dims);
}

static inline int ember_cmsis_nn_conv2d_1x1_fast(const struct ember_cmsis_nn_window *p, const int8_t *input,
                                                 int8_t *output, void *scratch) {
    EMBER_CMSIS_NN_CONV2D(arm_convolve_1x1_s8_fast, &output_dims);
}

#endif
