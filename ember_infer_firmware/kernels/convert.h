/* QUANTIZE, DEQUANTIZE and CAST of elements that have no table. Planned by convert.py. */

#ifndef EMBER_CONVERT_H
#define EMBER_CONVERT_H

#include "ember_fixed_point.h"
#include "ember_floats.h"

/* Half away from zero. Beyond int32, infinities and NaN: its least, as x86 converts them and so TFLM on it. */
static inline int32_t ember_round(float x) {
    if (!(x >= -2147483648.0f && x < 2147483648.0f))
        return INT32_MIN;
    const int32_t whole = (int32_t)x;
    const float rest = x - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

struct ember_quantize {
    int32_t count;
    float scale;
    int32_t zero_point;
};

#define EMBER_QUANTIZE(NAME, TYPE, LOW, HIGH)                                                               \
    static inline void ember_quantize_##NAME(const struct ember_quantize *p, const float *input, TYPE *output) { \
        const struct ember_quantize fields = *p;                                                            \
        for (const float *end = input + fields.count; input != end;) {                                      \
            const uint32_t steps = (uint32_t)ember_round(*input++ / fields.scale);                          \
            *output++ = (TYPE)ember_clamp((int32_t)(steps + (uint32_t)fields.zero_point), LOW, HIGH);       \
        }                                                                                                   \
    }

EMBER_QUANTIZE(int8, int8_t, -128, 127)
EMBER_QUANTIZE(int16, int16_t, -32768, 32767)

struct ember_requantize {
    int32_t count;
    int32_t input_zero_point, multiplier, shift, zero_point;
};

#define EMBER_REQUANTIZE(FROM, TO, INPUT, OUTPUT, LOW, HIGH)                                                \
    static inline void ember_requantize_##FROM##_##TO(const struct ember_requantize *p, const INPUT *input, OUTPUT *output) { \
        const struct ember_requantize fields = *p;                                                          \
        for (const INPUT *end = input + fields.count; input != end;) {                                      \
            const uint32_t steps = (uint32_t)*input++ - (uint32_t)fields.input_zero_point;                  \
            const uint32_t scaled = (uint32_t)ember_scale((int32_t)steps, fields.multiplier, fields.shift); \
            *output++ = (OUTPUT)ember_clamp((int32_t)(scaled + (uint32_t)fields.zero_point), LOW, HIGH);    \
        }                                                                                                   \
    }

EMBER_REQUANTIZE(int8, int16, int8_t, int16_t, -32768, 32767)
EMBER_REQUANTIZE(int8, int32, int8_t, int32_t, INT32_MIN, INT32_MAX)
EMBER_REQUANTIZE(int16, int8, int16_t, int8_t, -128, 127)
EMBER_REQUANTIZE(int16, int16, int16_t, int16_t, -32768, 32767)
EMBER_REQUANTIZE(int16, int32, int16_t, int32_t, INT32_MIN, INT32_MAX)
EMBER_REQUANTIZE(int32, int8, int32_t, int8_t, -128, 127)
EMBER_REQUANTIZE(int32, int16, int32_t, int16_t, -32768, 32767)
EMBER_REQUANTIZE(int32, int32, int32_t, int32_t, INT32_MIN, INT32_MAX)

struct ember_dequantize {
    int32_t count;
    float scale;
    int32_t zero_point;
};

#define EMBER_DEQUANTIZE(NAME, TYPE)                                                                        \
    static inline void ember_dequantize_##NAME(const struct ember_dequantize *p, const TYPE *input, float *output) { \
        for (const TYPE *end = input + p->count; input != end;)                                             \
            *output++ = p->scale * (float)(*input++ - p->zero_point);                                       \
    }

EMBER_DEQUANTIZE(int8, int8_t)
EMBER_DEQUANTIZE(uint8, uint8_t)
EMBER_DEQUANTIZE(int16, int16_t)

struct ember_cast {
    int32_t count;
};

#define EMBER_CAST(FROM, TO, INPUT, OUTPUT, EXPRESSION)                                                     \
    static inline void ember_cast_##FROM##_##TO(const struct ember_cast *p, const INPUT *input, OUTPUT *output) { \
        for (const INPUT *end = input + p->count; input != end;) {                                          \
            const INPUT x = *input++;                                                                       \
            *output++ = (OUTPUT)(EXPRESSION);                                                               \
        }                                                                                                   \
    }

/* Integers wrap; bools are 0 and 1. */
#define EMBER_CASTS(FROM, INPUT)                                                                            \
    EMBER_CAST(FROM, int8, INPUT, int8_t, x)                                                                \
    EMBER_CAST(FROM, int16, INPUT, int16_t, x)                                                              \
    EMBER_CAST(FROM, int32, INPUT, int32_t, x)                                                              \
    EMBER_CAST(FROM, uint32, INPUT, uint32_t, x)                                                            \
    EMBER_CAST(FROM, float32, INPUT, float, x)                                                              \
    EMBER_CAST(FROM, bool, INPUT, uint8_t, x != 0)

EMBER_CASTS(int8, int8_t)
EMBER_CASTS(int16, int16_t)
EMBER_CASTS(int32, int32_t)
EMBER_CASTS(uint32, uint32_t)
EMBER_CASTS(bool, uint8_t)

/* Truncated; beyond the range its end; NaN is 0. BEYOND is the first float that is: HIGH itself may be none. */
#define EMBER_CAST_OF_FLOAT(TO, OUTPUT, LOW, HIGH, BEYOND) \
    EMBER_CAST(float32, TO, float, OUTPUT, x != x ? 0 : x <= (float)(LOW) ? (LOW) : x >= (BEYOND) ? (HIGH) : (OUTPUT)x)

EMBER_CAST_OF_FLOAT(int8, int8_t, INT8_MIN, INT8_MAX, 128.0f)
EMBER_CAST_OF_FLOAT(int16, int16_t, INT16_MIN, INT16_MAX, 32768.0f)
EMBER_CAST_OF_FLOAT(int32, int32_t, INT32_MIN, INT32_MAX, 2147483648.0f)
EMBER_CAST_OF_FLOAT(uint32, uint32_t, 0u, UINT32_MAX, 4294967296.0f)
EMBER_CAST(float32, float32, float, float, x)
EMBER_CAST(float32, bool, float, uint8_t, x != 0.0f)

#endif
