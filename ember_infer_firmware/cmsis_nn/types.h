/* CMSIS-NN's functions, and what their calls share. */

#ifndef EMBER_CMSIS_NN_TYPES_H
#define EMBER_CMSIS_NN_TYPES_H

#include "ember_common.h"

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#endif
#include <arm_nnfunctions.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/* A window that slides over an image, and how sums become int8. */
struct ember_cmsis_nn_window {
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int32_t *shift;
    int32_t batches, input_h, input_w, input_c;
    int32_t filter_n, filter_h, filter_w, filter_c;
    int32_t output_h, output_w, output_c;
    int32_t depth_multiplier;
    int32_t stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
    int32_t input_offset, output_offset, activation_min, activation_max;
};

static inline cmsis_nn_dims ember_cmsis_nn_input(const struct ember_cmsis_nn_window *p) {
    const cmsis_nn_dims dims = {p->batches, p->input_h, p->input_w, p->input_c};
    return dims;
}

static inline cmsis_nn_dims ember_cmsis_nn_filter(const struct ember_cmsis_nn_window *p) {
    const cmsis_nn_dims dims = {p->filter_n, p->filter_h, p->filter_w, p->filter_c};
    return dims;
}

static inline cmsis_nn_dims ember_cmsis_nn_output(const struct ember_cmsis_nn_window *p) {
    const cmsis_nn_dims dims = {p->batches, p->output_h, p->output_w, p->output_c};
    return dims;
}

/* The library declares them as pointers to what it does not change. */
static inline cmsis_nn_per_channel_quant_params ember_cmsis_nn_scaling(const struct ember_cmsis_nn_window *p) {
    const cmsis_nn_per_channel_quant_params scaling = {(int32_t *)p->multiplier, (int32_t *)p->shift};
    return scaling;
}

static inline int ember_cmsis_nn_status(arm_cmsis_nn_status status) {
    return status == ARM_CMSIS_NN_SUCCESS ? 0 : -1;
}

#endif
