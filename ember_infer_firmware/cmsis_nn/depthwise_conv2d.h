/* DEPTHWISE_CONV_2D by CMSIS-NN. */

#ifndef EMBER_CMSIS_NN_DEPTHWISE_CONV2D_H
#define EMBER_CMSIS_NN_DEPTHWISE_CONV2D_H

#include "ember_cmsis_nn_conv2d.h"

#define EMBER_CMSIS_NN_DEPTHWISE_CONV2D(function) \
    const cmsis_nn_context context = {scratch, 0}; \
    const cmsis_nn_dw_conv_params params = { \
        p->input_offset, \
        p->output_offset, \
        p->depth_multiplier, \
        {p->stride_w, p->stride_h}, \
        {p->pad_w, p->pad_h}, \
        {p->dilation_w, p->dilation_h}, \
        {p->activation_min, p->activation_max}, \
    }; \
    const cmsis_nn_per_channel_quant_params scaling = ember_cmsis_nn_scaling(p); \
    const cmsis_nn_dims input_dims = ember_cmsis_nn_input(p); \
    const cmsis_nn_dims filter_dims = ember_cmsis_nn_filter(p); \
    const cmsis_nn_dims bias_dims = {0, 0, 0, p->output_c}; \
    const cmsis_nn_dims output_dims = ember_cmsis_nn_output(p); \
    return ember_cmsis_nn_status(function(&context, &params, &scaling, &input_dims, input, &filter_dims, p->weights, \
                                          &bias_dims, p->bias, &output_dims, output))

static inline int ember_cmsis_nn_depthwise_conv2d(const struct ember_cmsis_nn_window *p, const int8_t *input,
                                                  int8_t *output, void *scratch) {
    EMBER_CMSIS_NN_DEPTHWISE_CONV2D(arm_depthwise_conv_s8);
}

/* Of an input of one channel, which for vectors is an ordinary convolution of turned weights. */
struct ember_cmsis_nn_depthwise_one_channel {
    struct ember_cmsis_nn_window window;
    const int8_t *turned;
};

static inline int ember_cmsis_nn_depthwise_one_channel(const struct ember_cmsis_nn_depthwise_one_channel *p,
                                                       const int8_t *input, int8_t *output, void *scratch) {
#if defined(ARM_MATH_MVEI)
    struct ember_cmsis_nn_window window = p->window;
    window.weights = p->turned;
    window.filter_n = window.filter_c;
    window.filter_c = 1;
    return ember_cmsis_nn_conv2d(&window, input, output, scratch);
#else
    return ember_cmsis_nn_depthwise_conv2d(&p->window, input, output, scratch);
#endif
}

/* One filter for each channel. */
static inline int ember_cmsis_nn_depthwise_conv2d_opt(const struct ember_cmsis_nn_window *p,
                                                      const int8_t *input, int8_t *output, void *scratch) {
    EMBER_CMSIS_NN_DEPTHWISE_CONV2D(arm_depthwise_conv_s8_opt);
}

/* The same of 3 x 3, for which vectors of M-profile have nothing better. */
static inline int ember_cmsis_nn_depthwise_conv2d_3x3(const struct ember_cmsis_nn_window *p,
                                                      const int8_t *input, int8_t *output, void *scratch) {
#if defined(ARM_MATH_MVEI)
    EMBER_CMSIS_NN_DEPTHWISE_CONV2D(arm_depthwise_conv_s8_opt);
#else
    EMBER_CMSIS_NN_DEPTHWISE_CONV2D(arm_depthwise_conv_3x3_s8);
#endif
}

#endif
