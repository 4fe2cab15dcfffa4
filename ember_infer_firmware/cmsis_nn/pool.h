/* AVERAGE_POOL_2D and MAX_POOL_2D by CMSIS-NN. */

#ifndef EMBER_CMSIS_NN_POOL_H
#define EMBER_CMSIS_NN_POOL_H

#include "ember_cmsis_nn_types.h"

#define EMBER_CMSIS_NN_POOL(function) \
    const cmsis_nn_context context = {scratch, 0}; \
    const cmsis_nn_pool_params params = { \
        {p->stride_w, p->stride_h}, \
        {p->pad_w, p->pad_h}, \
        {p->activation_min, p->activation_max}, \
    }; \
    const cmsis_nn_dims input_dims = ember_cmsis_nn_input(p); \
    const cmsis_nn_dims filter_dims = ember_cmsis_nn_filter(p); \
    const cmsis_nn_dims output_dims = ember_cmsis_nn_output(p); \
    return ember_cmsis_nn_status(function(&context, &params, &input_dims, input, &filter_dims, &output_dims, output))

static inline int ember_cmsis_nn_avg_pool(const struct ember_cmsis_nn_window *p, const int8_t *input, int8_t *output,
                                          void *scratch) {
    EMBER_CMSIS_NN_POOL(arm_avgpool_s8);
}

static inline int ember_cmsis_nn_max_pool(const struct ember_cmsis_nn_window *p, const int8_t *input, int8_t *output,
                                          void *scratch) {
    EMBER_CMSIS_NN_POOL(arm_max_pool_s8);
}

#endif
