/* ARG_MAX and ARG_MIN: the place of the greatest or least element along one axis; the first of equal ones. Planned by
   arg_max.py. */

#ifndef EMBER_ARG_MAX_H
#define EMBER_ARG_MAX_H

#include "ember_common.h"

struct ember_arg_max_int8 {
    int32_t outer, count, inner; /* elements of the axes before, of the axis, of the axes behind it */
    int32_t flip;                /* -1, which turns the order around, for the least */
};

static inline void ember_arg_max_int8(const struct ember_arg_max_int8 *p, const int8_t *input, int32_t *output) {
    const int32_t count = p->count, inner = p->inner, flip = p->flip;
    for (int32_t outer = 0; outer < p->outer; outer++, input += (count - 1) * inner) {
        for (int32_t i = 0; i < inner; i++) {
            const int8_t *x = input++;
            int32_t most = *x ^ flip, place = 0;
            for (int32_t n = 1; n < count; n++) {
                x += inner;
                if ((*x ^ flip) > most) {
                    most = *x ^ flip;
                    place = n;
                }
            }
            *output++ = place;
        }
    }
}

struct ember_arg_max_float32 {
    int32_t outer, count, inner;
    float sign; /* -1 for the least */
};

/* A NaN is the result only where it comes first: then nothing is greater. */
static inline void ember_arg_max_float32(const struct ember_arg_max_float32 *p, const float *input, int32_t *output) {
    const int32_t count = p->count, inner = p->inner;
    const float sign = p->sign;
    for (int32_t outer = 0; outer < p->outer; outer++, input += (count - 1) * inner) {
        for (int32_t i = 0; i < inner; i++) {
            const float *x = input++;
            float most = *x * sign;
            int32_t place = 0;
            for (int32_t n = 1; n < count; n++) {
                x += inner;
                if (*x * sign > most) {
                    most = *x * sign;
                    place = n;
                }
            }
            *output++ = place;
        }
    }
}

#endif
