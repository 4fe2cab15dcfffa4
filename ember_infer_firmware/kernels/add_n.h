/* ADD_N, one input after the other. Planned by add_n.py. */

#ifndef EMBER_ADD_N_H
#define EMBER_ADD_N_H

#include "ember_floats.h"
#include "ember_rescaling.h"

/* Of int8: all inputs but the last are added up as they are. */
struct ember_add_n_part {
    int32_t count;
    int32_t is_first;
};

static inline void ember_add_n_part(const struct ember_add_n_part *p, const int8_t *input, int16_t *sums) {
    const int32_t is_first = p->is_first;
    for (const int8_t *end = input + p->count; input != end; sums++)
        *sums = (int16_t)((is_first ? 0 : *sums) + *input++);
}

/* TFLM scales each input, less its zero point, by 2**19: the sum of all, and what it begins with, are scaled at once. */
struct ember_add_n {
    int32_t count;
    int32_t offset; /* all zero points and the first value */
    int32_t multiplier, shift, output_offset;
};

static inline void ember_add_n(const struct ember_add_n *p, const int16_t *sums, const int8_t *input, int8_t *output) {
    const struct ember_add_n fields = *p;
    for (const int8_t *end = input + fields.count; input != end;) {
        const int32_t sum = *sums++ + *input++ + fields.offset;
        *output++ = ember_scaled_int8((int32_t)((uint32_t)sum << 19), fields.multiplier, fields.shift, fields.output_offset,
                                      -128, 127);
    }
}

struct ember_float_add_n {
    int32_t count;
    int32_t is_first; /* TFLM's sums begin with 0 */
};

static inline void ember_float_add_n(const struct ember_float_add_n *p, const float *input, float *output) {
    for (const float *end = input + p->count; input != end; output++)
        *output = (p->is_first ? 0.0f : *output) + *input++;
}

#endif
