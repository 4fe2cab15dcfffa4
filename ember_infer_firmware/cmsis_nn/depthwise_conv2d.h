/* DEPTHWISE_CONV_2D by CMSIS-NN. */

#ifndef EMBER_CMSIS_NN_DEPTHWISE_CONV2D_H
#define EMBER_CMSIS_NN_DEPTHWISE_CONV2D_H

#include "ember_cmsis_nn_types.h"

struct ember_cmsis_nn_depthwise_conv2d {
    struct ember_cmsis_nn_window window;
    int32_t depth_multiplier;
};

struct ember_cmsis_nn_depthwise_conv2d_3x3 {
    struct ember_cmsis_nn_window window;
    int32_t depth_multiplier;
};

struct ember_cmsis_nn_depthwise_conv2d_opt {
    struct ember_cmsis_nn_window window;
    int32_t depth_multiplier;
};

#define EMBER_CMSIS_NN_DEPTHWISE_CONV2D(function) \
    const struct ember_cmsis_nn_window *w = &p->window; \
    const cmsis_nn_context context = {scratch, 0}; \
    const cmsis_nn_dw_conv_params params = { \
        w->input_offset, \
        w->output_offset, \
        p->depth_multiplier, \
        {w->stride_w, w->stride_h}, \
        {w->pad_w, w->pad_h}, \
        {w->dilation_w, w->dilation_h}, \
        {w->activation_min, w->activation_max}, \
    }; \
    const cmsis_nn_per_channel_quant_params scaling = ember_cmsis_nn_scaling(w); \
    const cmsis_nn_dims input_dims = ember_cmsis_nn_input(w); \
    const cmsis_nn_dims filter_dims = ember_cmsis_nn_filter(w); \
    const cmsis_nn_dims bias_dims = {0, 0, 0, w->output_c}; \
    const cmsis_nn_dims output_dims = ember_cmsis_nn_output(w); \
    return ember_cmsis_nn_status(function(&context, &params, &scaling, &input_dims, input, &filter_dims, w->weights, \
                                          &bias_dims, w->bias, &output_dims, output))

static inline int ember_cmsis_nn_depthwise_conv2d(const struct ember_cmsis_nn_depthwise_conv2d *p, const int8_t *input,
                                                  int8_t *output, void *scratch) {
    EMBER_CMSIS_NN_DEPTHWISE_CONV2D(arm_depthwise_conv_s8);
}

/* One filter for each channel. */
static inline int ember_cmsis_nn_depthwise_conv2d_opt(const struct ember_cmsis_nn_depthwise_conv2d_opt *p,
                                                      const int8_t *input, int8_t *output, void *scratch) {
    EMBER_CMSIS_NN_DEPTHWISE_CONV2D(arm_depthwise_conv_s8_opt);
}

/* The same of 3 x 3, for which vectors of M-profile have nothing better. */
static inline int ember_cmsis_nn_depthwise_conv2d_3x3(const struct ember_cmsis_nn_depthwise_conv2d_3x3 *p,
                                                      const int8_t *input, int8_t *output, void *scratch) {
#if defined(ARM_MATH_MVEI)
    EMBER_CMSIS_NN_DEPTHWISE_CONV2D(arm_depthwise_conv_s8_opt);
#else
    EMBER_CMSIS_NN_DEPTHWISE_CONV2D(arm_depthwise_conv_3x3_s8);
#endif
}

#endif
