/* SVDF: each filter's part of the state moves one element towards its start and takes the newest at its end; each unit
   sums the parts of its filters, which follow one another. Planned by svdf.py. */

#ifndef EMBER_SVDF_H
#define EMBER_SVDF_H

#include "ember_dot.h"
#include "ember_fixed_point.h"

/* All but the weights of time, whose type is the state's. */
struct ember_svdf_sums {
    const int8_t *features; /* four filters at a time, column by column; zeros complete the last four */
    const int32_t *start;   /* of each filter's sum: what the zero points come to; likewise */
    const int32_t *bias;    /* of each unit, likewise */
    int32_t batches, depth, filters, rank, memory;
    int32_t state_multiplier, state_shift;
    int32_t state_offset; /* added after the clamp, and wraps in the state's type */
    int32_t output_multiplier, output_shift, output_offset;
};

struct ember_svdf {
    struct ember_svdf_sums sums;
    const int8_t *times;
};

struct ember_svdf16 {
    struct ember_svdf_sums sums;
    const int16_t *times;
};

/* The newest elements of four filters from this one on. The state's type has the limits -limit and limit - 1. */
static inline void ember_svdf_newest(const struct ember_svdf_sums *p, int32_t filter, const int8_t *input,
                                     int32_t limit, int32_t *newest) {
    uint32_t sums[4];
    for (int32_t i = 0; i < 4; i++)
        sums[i] = (uint32_t)p->start[filter + i];
    ember_dot4(sums, input, p->features + filter * p->depth, p->depth);
    for (int32_t i = 0; i < 4; i++) {
        const int32_t value = ember_scale_apart((int32_t)sums[i], p->state_multiplier, p->state_shift);
        newest[i] = ember_clamp(value, -limit, limit - 1) + p->state_offset;
    }
}

static inline int8_t ember_svdf_result(const struct ember_svdf_sums *p, uint32_t sum) {
    const uint32_t scaled = (uint32_t)ember_scale_apart((int32_t)sum, p->output_multiplier, p->output_shift);
    return (int8_t)ember_clamp((int32_t)(scaled + (uint32_t)p->output_offset), -128, 127); /* wraps, as TFLM's does */
}

/* The state moves and is summed in one go, so that each element is loaded once. */
static inline uint32_t ember_svdf_move(uint32_t sum, int8_t *state, const int8_t *weights, int32_t memory, int8_t newest) {
    for (int32_t i = 1; i < memory; i++, state++) {
        const int8_t x = state[1];
        *state = x;
        sum += (uint32_t)(x * *weights++);
    }
    *state = newest;
    return sum + (uint32_t)(newest * *weights);
}

static inline uint32_t ember_svdf_move16(uint32_t sum, int16_t *state, const int16_t *weights, int32_t memory,
                                         int16_t newest) {
    for (int32_t i = 1; i < memory; i++, state++) {
        const int16_t x = state[1];
        *state = x;
        sum += (uint32_t)(x * *weights++);
    }
    *state = newest;
    return sum + (uint32_t)(newest * *weights);
}

static inline void ember_svdf(const struct ember_svdf *p, const int8_t *input, int8_t *state, int8_t *output) {
    const struct ember_svdf_sums *s = &p->sums;
    for (int32_t batch = 0; batch < s->batches; batch++, input += s->depth) {
        const int32_t *bias = s->bias;
        const int8_t *times = p->times;
        int32_t newest[4], of_unit = 0;
        uint32_t sum = 0;
        for (int32_t filter = 0; filter < s->filters; filter += 4) {
            ember_svdf_newest(s, filter, input, 128, newest);
            for (int32_t i = 0; i < 4 && filter + i < s->filters; i++, state += s->memory, times += s->memory) {
                sum = ember_svdf_move(sum, state, times, s->memory, (int8_t)newest[i]);
                if (++of_unit == s->rank) {
                    *output++ = ember_svdf_result(s, sum + (uint32_t)*bias++);
                    sum = 0;
                    of_unit = 0;
                }
            }
        }
    }
}

static inline void ember_svdf16(const struct ember_svdf16 *p, const int8_t *input, int16_t *state, int8_t *output) {
    const struct ember_svdf_sums *s = &p->sums;
    for (int32_t batch = 0; batch < s->batches; batch++, input += s->depth) {
        const int32_t *bias = s->bias;
        const int16_t *times = p->times;
        int32_t newest[4], of_unit = 0;
        uint32_t sum = 0;
        for (int32_t filter = 0; filter < s->filters; filter += 4) {
            ember_svdf_newest(s, filter, input, 1 << 15, newest);
            for (int32_t i = 0; i < 4 && filter + i < s->filters; i++, state += s->memory, times += s->memory) {
                sum = ember_svdf_move16(sum, state, times, s->memory, (int16_t)newest[i]);
                if (++of_unit == s->rank) {
                    *output++ = ember_svdf_result(s, sum + (uint32_t)*bias++);
                    sum = 0;
                    of_unit = 0;
                }
            }
        }
    }
}

#endif
