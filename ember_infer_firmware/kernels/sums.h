/* Sums of products, and how they become int8. Sums wrap as int32 does; they are unsigned because C leaves undefined
   what becomes of signed ones. */

#ifndef EMBER_SUMS_H
#define EMBER_SUMS_H

#include "ember_fixed_point.h"

struct ember_scaling {
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t step; /* from a channel's multiplier and shift to the next one's: 0 where all have the same */
    int32_t output_offset, activation_min, activation_max;
};

static inline int8_t ember_scaled(const struct ember_scaling *p, int32_t channel, uint32_t sum) {
    const int32_t at = channel * p->step;
    const int32_t value = ember_scale((int32_t)sum, p->multiplier[at], p->shift[at]) + p->output_offset;
    return (int8_t)ember_clamp(value, p->activation_min, p->activation_max);
}

static inline void ember_scale4(const struct ember_scaling *p, int32_t channel, const uint32_t *sums, int8_t *output) {
    for (int32_t i = 0; i < 4; i++)
        output[i] = ember_scaled(p, channel + i, sums[i]);
}

/* sum + the products of (input + offset) and weights. */
static inline uint32_t ember_dot(uint32_t sum, const int8_t *input, const int8_t *weights, int32_t count, int32_t offset) {
    for (int32_t i = 0; i < count; i++)
        sum += (uint32_t)((input[i] + offset) * weights[i]);
    return sum;
}

/* Of four channels at once, whose weights take turns. */
static inline void ember_dot4(uint32_t *sums, const int8_t *input, const int8_t *weights, int32_t count, int32_t offset) {
    uint32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    for (const int8_t *end = input + count; input != end; weights += 4) {
        const int32_t x = *input++ + offset;
        a += (uint32_t)(x * weights[0]);
        b += (uint32_t)(x * weights[1]);
        c += (uint32_t)(x * weights[2]);
        d += (uint32_t)(x * weights[3]);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

#endif
