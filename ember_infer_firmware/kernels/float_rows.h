/* Functions of rows of float32, in the order of TFLM's reference kernels. Planned by l2_normalization.py,
   log_softmax.py and softmax.py. */

#ifndef EMBER_FLOAT_ROWS_H
#define EMBER_FLOAT_ROWS_H

#include <math.h>

#include "ember_floats.h"

struct ember_float_rows {
    int32_t rows, count;
};

static inline void ember_l2_normalization_float32(const struct ember_float_rows *p, const float *input, float *output) {
    for (int32_t row = p->rows; row != 0; row--, input += p->count, output += p->count) {
        float sum = 0.0f;
        for (int32_t i = 0; i < p->count; i++)
            sum += input[i] * input[i];
        const float root = sqrtf(sum), length = root < 1e-6f ? 1e-6f : root;
        for (int32_t i = 0; i < p->count; i++)
            output[i] = input[i] / length;
    }
}

static inline void ember_log_softmax_float32(const struct ember_float_rows *p, const float *input, float *output) {
    for (int32_t row = p->rows; row != 0; row--, input += p->count, output += p->count) {
        float most = -3.402823466385288598e38f, sum = 0.0f;
        for (int32_t i = 0; i < p->count; i++)
            most = most < input[i] ? input[i] : most;
        for (int32_t i = 0; i < p->count; i++)
            sum += expf(input[i] - most);
        const float log_of_sum = logf(sum);
        for (int32_t i = 0; i < p->count; i++)
            output[i] = input[i] - most - log_of_sum;
    }
}

struct ember_softmax_float32 {
    int32_t rows, count;
    float beta;
};

static inline void ember_softmax_float32(const struct ember_softmax_float32 *p, const float *input, float *output) {
    const int32_t count = p->count;
    for (int32_t row = p->rows; row != 0; row--, input += count, output += count) {
        float most = -3.402823466385288598e38f, sum = 0.0f;
        for (int32_t i = 0; i < count; i++)
            most = most < input[i] ? input[i] : most;
        for (int32_t i = 0; i < count; i++) {
            output[i] = expf((input[i] - most) * p->beta);
            sum += output[i];
        }
        for (int32_t i = 0; i < count; i++)
            output[i] /= sum;
    }
}

#endif
