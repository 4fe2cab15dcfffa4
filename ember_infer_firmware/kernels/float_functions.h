/* Functions of one float32, as TFLM's reference kernels compute them. Planned by float_functions.py. */

#ifndef EMBER_FLOAT_FUNCTIONS_H
#define EMBER_FLOAT_FUNCTIONS_H

#include <math.h>

#include "ember_floats.h"

struct ember_float_function {
    int32_t count;
};

/* Each a function of its own: a switch would bring all of the C library's into the program. */
#define EMBER_FLOAT_FUNCTION(NAME, EXPRESSION)                                                              \
    static inline void ember_float_##NAME(const struct ember_float_function *p, const float *input, float *output) { \
        for (const float *end = input + p->count; input != end;) {                                         \
            const float x = *input++;                                                                       \
            *output++ = EXPRESSION;                                                                         \
        }                                                                                                   \
    }

static inline float ember_hard_swish(float x) {
    const float raised = x + 3.0f, positive = 0.0f < raised ? raised : 0.0f;
    return x * (positive < 6.0f ? positive : 6.0f) / 6.0f;
}

/* reference_ops::Logistic, with its cut-offs. */
static inline float ember_logistic(float x) {
    if (x > 16.619047164916992188f)
        return 1.0f;
    return x < -9.0f ? expf(x) : 1.0f / (1.0f + expf(-x));
}

/* reference_ops::RoundToNearest: half to even, and never to -0. */
static inline float ember_round_to_nearest(float x) {
    const float below = floorf(x), above = x - below;
    return above < 0.5f || (above == 0.5f && (int32_t)below % 2 == 0) ? below : below + 1.0f;
}

EMBER_FLOAT_FUNCTION(abs, fabsf(x))
EMBER_FLOAT_FUNCTION(ceil, ceilf(x))
EMBER_FLOAT_FUNCTION(cos, cosf(x))
EMBER_FLOAT_FUNCTION(elu, x < 0.0f ? expm1f(x) : x)
EMBER_FLOAT_FUNCTION(exp, expf(x))
EMBER_FLOAT_FUNCTION(floor, floorf(x))
EMBER_FLOAT_FUNCTION(hard_swish, ember_hard_swish(x))
EMBER_FLOAT_FUNCTION(log, logf(x))
EMBER_FLOAT_FUNCTION(logistic, ember_logistic(x))
EMBER_FLOAT_FUNCTION(neg, -x)
EMBER_FLOAT_FUNCTION(relu, x < 0.0f ? 0.0f : x)
EMBER_FLOAT_FUNCTION(relu6, x > 6.0f ? 6.0f : x < 0.0f ? 0.0f : x)
EMBER_FLOAT_FUNCTION(round, ember_round_to_nearest(x))
EMBER_FLOAT_FUNCTION(rsqrt, 1.0f / sqrtf(x))
EMBER_FLOAT_FUNCTION(sin, sinf(x))
EMBER_FLOAT_FUNCTION(sqrt, sqrtf(x))
EMBER_FLOAT_FUNCTION(square, x * x)
EMBER_FLOAT_FUNCTION(tanh, tanhf(x))

struct ember_float_leaky_relu {
    int32_t count;
    float alpha;
};

static inline void ember_float_leaky_relu(const struct ember_float_leaky_relu *p, const float *input, float *output) {
    for (const float *end = input + p->count; input != end;) {
        const float x = *input++;
        *output++ = x > 0.0f ? x : x * p->alpha;
    }
}

#endif
