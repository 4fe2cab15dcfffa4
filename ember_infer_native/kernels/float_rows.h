/* Functions of rows of float32, in the order of TFLM's reference kernels. Planned by softmax.py, log_softmax.py and
   l2_normalization.py. */

#include "float_functions.h"

struct float_rows {
    int rows, count;
    int beta; /* the bits of a float: SOFTMAX's factor */
};

INLINE float greatest_of_row(const float *x, int count) {
    float greatest = -3.402823466385288598e38f;
    for (int i = 0; i < count; i++) greatest = greatest < x[i] ? x[i] : greatest;
    return greatest;
}

INLINE void softmax_float32(const struct float_rows *p, const uint8_t *input, uint8_t *output) {
    const float *x = (const float *)input, beta = float_of_bits(p->beta);
    float *to = (float *)output;
    for (int row = 0; row < p->rows; row++, x += p->count, to += p->count) {
        const float greatest = greatest_of_row(x, p->count);
        float sum = 0.0f;
        for (int i = 0; i < p->count; i++) sum += to[i] = expf((x[i] - greatest) * beta);
        for (int i = 0; i < p->count; i++) to[i] = to[i] / sum;
    }
}

INLINE void log_softmax_float32(const struct float_rows *p, const uint8_t *input, uint8_t *output) {
    const float *x = (const float *)input;
    float *to = (float *)output;
    for (int row = 0; row < p->rows; row++, x += p->count, to += p->count) {
        const float greatest = greatest_of_row(x, p->count);
        float sum = 0.0f;
        for (int i = 0; i < p->count; i++) sum += expf(x[i] - greatest);
        const float log_of_sum = logf(sum);
        for (int i = 0; i < p->count; i++) to[i] = x[i] - greatest - log_of_sum;
    }
}

INLINE void l2_normalization_float32(const struct float_rows *p, const uint8_t *input, uint8_t *output) {
    const float *x = (const float *)input, epsilon = 1e-6f;
    float *to = (float *)output;
    for (int row = 0; row < p->rows; row++, x += p->count, to += p->count) {
        float sum = 0.0f;
        for (int i = 0; i < p->count; i++) sum += x[i] * x[i];
        const float root = square_root(sum), length = root < epsilon ? epsilon : root;
        for (int i = 0; i < p->count; i++) to[i] = x[i] / length;
    }
}
