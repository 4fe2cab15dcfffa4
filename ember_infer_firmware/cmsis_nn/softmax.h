/* SOFTMAX by CMSIS-NN. */

#ifndef EMBER_CMSIS_NN_SOFTMAX_H
#define EMBER_CMSIS_NN_SOFTMAX_H

#include "ember_cmsis_nn_types.h"

struct ember_cmsis_nn_softmax {
    int32_t rows, depth;
    int32_t multiplier, shift, diff_min;
};

static inline void ember_cmsis_nn_softmax(const struct ember_cmsis_nn_softmax *p, const int8_t *input, int8_t *output) {
    arm_softmax_s8(input, p->rows, p->depth, p->multiplier, p->shift, p->diff_min, output);
}

#endif
