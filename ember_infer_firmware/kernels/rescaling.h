/* MultiplyByQuantizedMultiplier of numbers so small that nothing wraps: half the instructions of ember_scale. Planned by
   rescaling.py, which checks that they are. */

#ifndef EMBER_RESCALING_H
#define EMBER_RESCALING_H

#include "ember_fixed_point.h"

struct ember_rescaling {
    int32_t left; /* one more than the shift to the left */
    int32_t multiplier;
    int32_t half, right; /* one more than the shift to the right, and half of what that divides by */
};

static inline int32_t ember_rescale(const struct ember_rescaling *p, int32_t x) {
    /* x was shifted by one bit too many: the rounded high product is the upper word and the lower one's highest bit. */
    const int64_t product = (int64_t)(int32_t)((uint32_t)x << p->left) * p->multiplier;
    const int32_t high = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
    /* Ties away from zero; of twice the number, so that a shift by nothing is like any other. */
    return (high * 2 + (high >> 31) + p->half) >> p->right;
}

/* Any number times multiplier * 2**(shift - 31), offset and clamped; where TFLM wraps, this does. */
static inline int8_t ember_scaled_int8(int32_t x, int32_t multiplier, int32_t shift, int32_t offset, int32_t low,
                                       int32_t high) {
    const uint32_t value = (uint32_t)ember_scale(x, multiplier, shift) + (uint32_t)offset;
    return (int8_t)ember_clamp((int32_t)value, low, high);
}

#endif
