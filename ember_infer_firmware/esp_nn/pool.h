/* AVERAGE_POOL_2D and MAX_POOL_2D by ESP-NN: its kernels for the chip, and those in plain C. */

#ifndef EMBER_ESP_NN_POOL_H
#define EMBER_ESP_NN_POOL_H

#include "ember_esp_nn_types.h"

#define EMBER_ESP_NN_POOL(function) \
    for (int32_t batch = 0; batch < p->batches; batch++) { \
        function(input, (uint16_t)p->input_w, (uint16_t)p->input_h, output, (uint16_t)p->output_w, \
                 (uint16_t)p->output_h, (uint16_t)p->stride_w, (uint16_t)p->stride_h, (uint16_t)p->filter_w, \
                 (uint16_t)p->filter_h, (uint16_t)p->pad_w, (uint16_t)p->pad_h, p->activation_min, \
                 p->activation_max, (uint16_t)p->input_c); \
        input += p->input_h * p->input_w * p->input_c; \
        output += p->output_h * p->output_w * p->output_c; \
    }

static inline void ember_esp_nn_avg_pool(const struct ember_esp_nn_window *p, const int8_t *input, int8_t *output) {
    EMBER_ESP_NN_POOL(esp_nn_avg_pool_s8)
}

static inline void ember_esp_nn_avg_pool_portable(const struct ember_esp_nn_window *p, const int8_t *input,
                                                  int8_t *output) {
    EMBER_ESP_NN_POOL(esp_nn_avg_pool_s8_ansi)
}

static inline void ember_esp_nn_max_pool(const struct ember_esp_nn_window *p, const int8_t *input, int8_t *output) {
    EMBER_ESP_NN_POOL(esp_nn_max_pool_s8)
}

static inline void ember_esp_nn_max_pool_portable(const struct ember_esp_nn_window *p, const int8_t *input,
                                                  int8_t *output) {
    EMBER_ESP_NN_POOL(esp_nn_max_pool_s8_ansi)
}

#endif
