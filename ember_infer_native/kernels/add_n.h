/* ADD_N: one input after the other. Of int8 each goes through a table of 256 int32. Planned by add_n.py. */

#include "fixed_point.h"

struct add_n {
    int count;
    int start, multiplier, shift, zero; /* of int8: what TFLM's sums start from; how they are scaled */
};

INLINE void add_n_int8(const int first, const int last, const struct add_n *p, const uint8_t *input,
                       const uint8_t *table, uint8_t *sums, uint8_t *output) {
    int32_t *total = (int32_t *)sums;
    for (int i = 0; i < p->count; i++) {
        const int32_t sum = wrapping_add(first ? p->start : total[i], ((const int32_t *)table)[input[i]]);
        if (last) {
            const int32_t scaled = multiply_by_quantized_multiplier(sum, p->multiplier, p->shift);
            output[i] = (uint8_t)(clamped(wrapping_add(scaled, p->zero), INT8_MIN, INT8_MAX) + ACTIVATION_BIAS);
        } else {
            total[i] = sum;
        }
    }
}

INLINE void add_n_float(const int first, const struct add_n *p, const uint8_t *input, uint8_t *output) {
    float *total = (float *)output;
    for (int i = 0; i < p->count; i++) total[i] = (first ? 0.0f : total[i]) + ((const float *)input)[i];
}
