/* Functions of two float32, as TFLM's reference kernels compute them. Planned by plain_pairs.py. */

#ifndef EMBER_FLOAT_PAIRS_H
#define EMBER_FLOAT_PAIRS_H

#include <math.h>

#include "ember_broadcast.h"
#include "ember_floats.h"

struct ember_float_pairs {
    int32_t count;
    const int32_t *rows;
};

#define EMBER_FLOAT_PAIRS(NAME, RESULT, EXPRESSION)                                                         \
    static inline RESULT ember_##NAME##_of(const struct ember_float_pairs *p, float x, float y) {           \
        (void)p;                                                                                            \
        return (RESULT)(EXPRESSION);                                                                        \
    }                                                                                                       \
    EMBER_PAIRS(NAME, ember_float_pairs, float, RESULT)

/* The sign is the divisor's. */
static inline float ember_floor_mod(float x, float y) {
    const float remainder = fmodf(x, y);
    return remainder != 0.0f && (y < 0.0f) != (remainder < 0.0f) ? remainder + y : remainder;
}

EMBER_FLOAT_PAIRS(float_floor_mod, float, ember_floor_mod(x, y))
EMBER_FLOAT_PAIRS(float_maximum, float, x > y ? x : y)
EMBER_FLOAT_PAIRS(float_minimum, float, x < y ? x : y)
EMBER_FLOAT_PAIRS(float_squared_difference, float, (x - y) * (x - y))
EMBER_FLOAT_PAIRS(float_prelu, float, x >= 0.0f ? x : x * y)
EMBER_FLOAT_PAIRS(float_equal, uint8_t, x == y)
EMBER_FLOAT_PAIRS(float_not_equal, uint8_t, x != y)
EMBER_FLOAT_PAIRS(float_less, uint8_t, x < y)
EMBER_FLOAT_PAIRS(float_less_equal, uint8_t, x <= y)

struct ember_clamped_float_pairs {
    int32_t count;
    const int32_t *rows;
    float activation_min, activation_max; /* without an activation the largest numbers: infinities become these */
};

#define EMBER_CLAMPED_FLOAT_PAIRS(NAME, EXPRESSION)                                                         \
    static inline float ember_##NAME##_of(const struct ember_clamped_float_pairs *p, float x, float y) {    \
        const float value = EXPRESSION, raised = value < p->activation_min ? p->activation_min : value;     \
        return raised > p->activation_max ? p->activation_max : raised;                                     \
    }                                                                                                       \
    EMBER_PAIRS(NAME, ember_clamped_float_pairs, float, float)

EMBER_CLAMPED_FLOAT_PAIRS(float_add, x + y)
EMBER_CLAMPED_FLOAT_PAIRS(float_sub, x - y)
EMBER_CLAMPED_FLOAT_PAIRS(float_mul, x * y)
EMBER_CLAMPED_FLOAT_PAIRS(float_div, x / y)

/* FLOOR_DIV divides in double; -1 at the first divisor of zero, where TFLM stops. */
static inline int ember_float_floor_div(const struct ember_float_pairs *p, const float *input1, const float *input2,
                                        float *output) {
    const int32_t run1 = p->rows[0], run2 = p->rows[1];
    int32_t at[EMBER_AXES] = {0};
    for (const int32_t *jumps;; input1 += jumps[0], input2 += jumps[1]) {
        for (int32_t i = 0; i < p->count; i++) {
            const float x = input1[i * run1], y = input2[i * run2];
            if (y == 0.0f)
                return -1;
            *output++ = (float)floor((double)x / (double)y);
        }
        jumps = ember_next_row(p->rows + 2, 2, at);
        if (jumps == NULL)
            return 0;
    }
}

#endif
