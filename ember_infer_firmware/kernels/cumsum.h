/* CUMSUM: sums of all elements up to each one along an axis. Planned by cumsum.py. */

#ifndef EMBER_CUMSUM_H
#define EMBER_CUMSUM_H

#include "ember_fixed_point.h"

struct ember_cumsum_int8 {
    int32_t outer, count, inner; /* elements of the axes before, of the axis, of the axes behind it */
    int32_t first, step;         /* where a sum begins, and from each element to the next: backwards where reversed */
    int32_t exclusive;           /* whether the sum for an element is without it */
    int32_t offset, multiplier, shift, output_offset;
};

static inline void ember_cumsum_int8(const struct ember_cumsum_int8 *p, const int8_t *input, int8_t *output) {
    const int32_t row = p->count * p->inner;
    for (int32_t outer = 0; outer < p->outer; outer++, input += row, output += row) {
        for (int32_t i = 0; i < p->inner; i++) {
            uint32_t total = (uint32_t)p->offset; /* not 0: TFLM's sums begin so */
            int32_t at = p->first + i;
            for (int32_t n = 0; n < p->count; n++, at += p->step) {
                const uint32_t next = total + (uint32_t)(input[at] + p->offset);
                /* TFLM's sums are these, times 2**19, which wraps. */
                const uint32_t raised = (p->exclusive ? total : next) << 19;
                const uint32_t scaled = (uint32_t)ember_scale((int32_t)raised, p->multiplier, p->shift);
                const int32_t value = (int32_t)(scaled + (uint32_t)p->output_offset);
                output[at] = (int8_t)ember_clamp(value, INT8_MIN, INT8_MAX);
                total = next;
            }
        }
    }
}

struct ember_cumsum_float32 {
    int32_t outer, count, inner;
    int32_t first, step;
    int32_t exclusive;
};

static inline void ember_cumsum_float32(const struct ember_cumsum_float32 *p, const float *input, float *output) {
    const int32_t row = p->count * p->inner;
    for (int32_t outer = 0; outer < p->outer; outer++, input += row, output += row) {
        for (int32_t i = 0; i < p->inner; i++) {
            float total = 0.0f;
            int32_t at = p->first + i;
            for (int32_t n = 0; n < p->count; n++, at += p->step) {
                const float next = total + input[at];
                output[at] = p->exclusive ? total : next;
                total = next;
            }
        }
    }
}

#endif
