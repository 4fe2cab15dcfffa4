/* One result for all elements along some axes. Planned by reduction.py. */

#ifndef EMBER_REDUCTION_H
#define EMBER_REDUCTION_H

#include "ember_fixed_point.h"
#include "ember_walk.h"

/* Steps are in elements. */
struct ember_reduction {
    const int32_t *kept;    /* the axes of the results */
    const int32_t *reduced; /* the axes along which they are one, but for the last */
    int32_t kept_axes, reduced_axes;
    int32_t results, runs; /* places that these axes have */
    int32_t count, step;   /* of the last reduced axis */
};

/* Does FOLD for each ELEMENT *x of the result whose first element is `first`, in the order of memory. */
#define EMBER_EACH_REDUCED(ELEMENT, axes, first, FOLD)                                           \
    for (int32_t run = 0; run < (axes)->runs; run++) {                                           \
        const ELEMENT *x = (first) + ember_place((axes)->reduced, (axes)->reduced_axes, run);    \
        const int32_t step = (axes)->step;                                                       \
        for (int32_t count = (axes)->count; count != 0; count--, x += step) {                    \
            FOLD;                                                                                \
        }                                                                                        \
    }

/* Of int8 and of int16. */
struct ember_mean {
    struct ember_reduction axes;
    int32_t offset, multiplier, shift, output_offset;
};

static inline int32_t ember_scaled_mean(const struct ember_mean *p, uint32_t sum, int32_t low, int32_t high) {
    const int32_t scaled = ember_scale((int32_t)(sum + (uint32_t)p->offset), p->multiplier, p->shift);
    return ember_clamp((int32_t)((uint32_t)scaled + (uint32_t)p->output_offset), low, high); /* wraps, as TFLM's does */
}

static inline void ember_mean_int8(const struct ember_mean *p, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < p->axes.results; i++) {
        const int8_t *first = input + ember_place(p->axes.kept, p->axes.kept_axes, i);
        uint32_t sum = 0;
        EMBER_EACH_REDUCED(int8_t, &p->axes, first, const int32_t element = *x; sum += (uint32_t)element)
        *output++ = (int8_t)ember_scaled_mean(p, sum, INT8_MIN, INT8_MAX);
    }
}

static inline void ember_mean_int16(const struct ember_mean *p, const int16_t *input, int16_t *output) {
    for (int32_t i = 0; i < p->axes.results; i++) {
        const int16_t *first = input + ember_place(p->axes.kept, p->axes.kept_axes, i);
        uint32_t sum = 0;
        EMBER_EACH_REDUCED(int16_t, &p->axes, first, const int32_t element = *x; sum += (uint32_t)element)
        *output++ = (int16_t)ember_scaled_mean(p, sum, INT16_MIN, INT16_MAX);
    }
}

struct ember_mean_float32 {
    struct ember_reduction axes;
    float divisor;
};

static inline void ember_mean_float32(const struct ember_mean_float32 *p, const float *input, float *output) {
    for (int32_t i = 0; i < p->axes.results; i++) {
        const float *first = input + ember_place(p->axes.kept, p->axes.kept_axes, i);
        float sum = 0.0f;
        EMBER_EACH_REDUCED(float, &p->axes, first, sum += *x)
        *output++ = sum / p->divisor;
    }
}

/* REDUCE_MAX; with `flip` of -1, which turns the order around, REDUCE_MIN, and REDUCE_ALL of bytes of 0 and 1. */
struct ember_reduce_int8 {
    struct ember_reduction axes;
    int32_t flip;
};

static inline void ember_reduce_int8(const struct ember_reduce_int8 *p, const void *input, void *output) {
    const int32_t flip = p->flip;
    int8_t *to = (int8_t *)output;
    for (int32_t i = 0; i < p->axes.results; i++) {
        const int8_t *first = (const int8_t *)input + ember_place(p->axes.kept, p->axes.kept_axes, i);
        int32_t most = INT8_MIN;
        EMBER_EACH_REDUCED(int8_t, &p->axes, first, most = (*x ^ flip) > most ? *x ^ flip : most)
        *to++ = (int8_t)(most ^ flip);
    }
}

/* REDUCE_MAX; with `sign` of -1 REDUCE_MIN. What is NaN is not looked at. */
struct ember_reduce_float32 {
    struct ember_reduction axes;
    float sign;
};

static inline void ember_reduce_float32(const struct ember_reduce_float32 *p, const float *input, float *output) {
    const float sign = p->sign;
    for (int32_t i = 0; i < p->axes.results; i++) {
        const float *first = input + ember_place(p->axes.kept, p->axes.kept_axes, i);
        float most = -3.402823466385288598e38f;
        EMBER_EACH_REDUCED(float, &p->axes, first, most = *x * sign > most ? *x * sign : most)
        *output++ = most * sign;
    }
}

#endif
