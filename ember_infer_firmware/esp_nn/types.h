/* ESP-NN's functions, and what their calls share. */

#ifndef EMBER_ESP_NN_TYPES_H
#define EMBER_ESP_NN_TYPES_H

#include "ember_common.h"

#if defined(ESP_PLATFORM) /* which chip it is for, and how ESP-NN is built */
#include <sdkconfig.h>
#endif
#include <esp_nn.h>

#if defined(CONFIG_NN_SKIP_NUDGE) || defined(SKIP_NUDGE)
#error "ESP-NN built with NN_SKIP_NUDGE does not round as TensorFlow Lite Micro does: turn that off"
#endif

/* A window that slides over an image, and how sums become int8. */
struct ember_esp_nn_window {
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int32_t *shift;
    int32_t batches, input_h, input_w, input_c;
    int32_t filter_h, filter_w, filter_c;
    int32_t output_h, output_w, output_c;
    int32_t depth_multiplier;
    int32_t stride_h, stride_w, pad_h, pad_w;
    int32_t input_offset, output_offset, activation_min, activation_max;
};

/* The library declares them as pointers to what it does not change. */
static inline quant_data_t ember_esp_nn_scaling(const struct ember_esp_nn_window *p) {
    const quant_data_t scaling = {(int32_t *)p->shift, (int32_t *)p->multiplier};
    return scaling;
}

static inline data_dims_t ember_esp_nn_input(const struct ember_esp_nn_window *p) {
    const data_dims_t dims = {p->input_w, p->input_h, p->input_c, 1};
    return dims;
}

static inline data_dims_t ember_esp_nn_filter(const struct ember_esp_nn_window *p) {
    const data_dims_t dims = {p->filter_w, p->filter_h, p->filter_c, 0};
    return dims;
}

static inline data_dims_t ember_esp_nn_output(const struct ember_esp_nn_window *p) {
    const data_dims_t dims = {p->output_w, p->output_h, p->output_c, 1};
    return dims;
}

#endif
