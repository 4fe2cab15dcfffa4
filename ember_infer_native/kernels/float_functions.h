/* Functions of one float32, as TFLM's reference kernels compute them. Planned by float_functions.py, which has the names
   in this order. */

#include "libm.h"

enum {
    FLOAT_ABS,
    FLOAT_CEIL,
    FLOAT_COS,
    FLOAT_ELU,
    FLOAT_EXP,
    FLOAT_FLOOR,
    FLOAT_HARD_SWISH,
    FLOAT_LEAKY_RELU,
    FLOAT_LOG,
    FLOAT_LOGISTIC,
    FLOAT_NEG,
    FLOAT_RELU,
    FLOAT_RELU6,
    FLOAT_ROUND,
    FLOAT_RSQRT,
    FLOAT_SIN,
    FLOAT_SQRT,
    FLOAT_SQUARE,
    FLOAT_TANH
};

struct float_function {
    int count;
    int alpha; /* the bits of a float: LEAKY_RELU's slope */
};

INLINE float float_of_bits(int bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE float hard_swish(float x) {
    const float raised = x + 3.0f, positive = 0.0f < raised ? raised : 0.0f;
    return x * (positive < 6.0f ? positive : 6.0f) / 6.0f;
}

/* reference_ops::Logistic, with its cut-offs. */
INLINE float logistic(float x) {
    if (x > 16.619047164916992188f) return 1.0f;
    return x < -9.0f ? expf(x) : 1.0f / (1.0f + expf(-x));
}

/* reference_ops::RoundToNearest: half to even, and never to -0. */
INLINE float round_to_nearest(float x) {
    const float below = floored(x), above = x - below;
    return above < 0.5f || (above == 0.5f && (int)below % 2 == 0) ? below : below + 1.0f;
}

INLINE float float_of_one(const int function, float x, float alpha) {
    switch (function) {
        case FLOAT_ABS: return absolute(x);
        case FLOAT_CEIL: return ceiling(x);
        case FLOAT_COS: return cosf(x);
        case FLOAT_ELU: return x < 0.0f ? expm1f(x) : x;
        case FLOAT_EXP: return expf(x);
        case FLOAT_FLOOR: return floored(x);
        case FLOAT_HARD_SWISH: return hard_swish(x);
        case FLOAT_LEAKY_RELU: return x > 0.0f ? x : x * alpha;
        case FLOAT_LOG: return logf(x);
        case FLOAT_LOGISTIC: return logistic(x);
        case FLOAT_NEG: return -x;
        case FLOAT_RELU: return x < 0.0f ? 0.0f : x;
        case FLOAT_RELU6: return x > 6.0f ? 6.0f : x < 0.0f ? 0.0f : x;
        case FLOAT_ROUND: return round_to_nearest(x);
        case FLOAT_RSQRT: return 1.0f / square_root(x);
        case FLOAT_SIN: return sinf(x);
        case FLOAT_SQRT: return square_root(x);
        case FLOAT_SQUARE: return x * x;
        default: return tanhf(x);
    }
}

INLINE void float_function(const int function, const struct float_function *p, const uint8_t *input, uint8_t *output) {
    const float *from = (const float *)input, alpha = float_of_bits(p->alpha);
    float *to = (float *)output;
    for (int i = 0; i < p->count; i++) to[i] = float_of_one(function, from[i], alpha);
}
