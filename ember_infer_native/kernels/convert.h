/* QUANTIZE, DEQUANTIZE and CAST of elements that have no table. Planned by convert.py, which has the types in this order. */

#include "fixed_point.h"
#include "lanes.h"

enum { AN_INT8, AN_INT16, AN_INT32, A_FLOAT32, A_BOOL, A_UINT8, A_UINT32 };

/* int8 as memory holds it; see ACTIVATION_BIAS. */
INLINE void store_int(const int type, uint8_t *to, int i, int32_t value) {
    if (type == AN_INT8)
        to[i] = (uint8_t)(value + ACTIVATION_BIAS);
    else if (type == AN_INT16)
        ((int16_t *)to)[i] = (int16_t)value;
    else
        ((int32_t *)to)[i] = value;
}

struct quantize_floats {
    int rows, columns; /* columns: elements */
    int input_row, output_row; /* bytes */
    int scale; /* the bits of a float */
    int zero;
};

#if !defined(HAS_ROUND_QUOTIENTS)
/* Half away from zero. Beyond int32, infinities and NaN: its least, as x86 converts them and so TFLM on it. */
INLINE int32_lanes round_quotients(const float *from, float divisor) {
    float_lanes x;
    memcpy(&x, from, sizeof x);
    x /= divisor;
    const integer_lanes inside = (x >= -2147483648.0f) & (x < 2147483648.0f);
    const float_lanes safe = (float_lanes)((integer_lanes)x & inside);
    const integer_lanes whole = __builtin_convertvector(safe, integer_lanes);
    const float_lanes rest = safe - __builtin_convertvector(whole, float_lanes);
    const integer_lanes near = whole - (rest >= 0.5f) + (rest <= -0.5f); /* true is -1 */
    return target_lanes((near & inside) | (INT32_MIN & ~inside));
}
#endif

/* The sum with the zero point wraps. */
INLINE int32_lanes quantized_lanes(const struct quantize_floats *p, const float *from, float scale) {
    const wrapping_lanes steps = (wrapping_lanes)integers(round_quotients(from, scale));
    return target_lanes((integer_lanes)(steps + (uint32_t)p->zero));
}

INLINE void quantize_floats(const int type, const struct quantize_floats *p, const uint8_t *input, uint8_t *output) {
    float scale;
    memcpy(&scale, &p->scale, sizeof scale);
    for (int row = 0; row < p->rows; row++) {
        const float *from = (const float *)(input + (ptrdiff_t)row * p->input_row);
        uint8_t *to = output + (ptrdiff_t)row * p->output_row;
        /* Memory goes on beyond the last element: what is read there is nobody's business. */
        for (int i = 0; i < p->columns; i += CHUNK) {
            const int count = p->columns - i < CHUNK ? p->columns - i : CHUNK;
            int32_lanes results[4];
            UNROLL for (int k = 0; k < 4; k++)
                results[k] = quantized_lanes(p, from + i + k * LANES, scale);
            if (type == AN_INT8) {
                const byte_block block =
                    pack_natural(results[0], results[1], results[2], results[3], 0, BYTE_MIN, BYTE_MIN + 255);
                if (count == CHUNK)
                    store_block(to + i, block);
                else
                    store_block_start(to + i, block, count);
            } else {
                int32_t values[CHUNK];
                UNROLL for (int k = 0; k < 4; k++) store_lanes(values + k * LANES, results[k]);
                for (int k = 0; k < count; k++)
                    store_int(type, to, i + k, clamped(values[k], INT16_MIN, INT16_MAX));
            }
        }
    }
}

struct requantize_integers {
    int count, multiplier, shift;
    int input_zero, zero, low, high;
};

INLINE int32_t load_int(const int type, const uint8_t *from, int i) {
    return type == AN_INT16 ? ((const int16_t *)from)[i] : ((const int32_t *)from)[i];
}

INLINE void requantize_integers(const int from_type, const int to_type, const struct requantize_integers *p,
                                const uint8_t *input, uint8_t *output) {
    for (int i = 0; i < p->count; i++) {
        const int32_t steps = wrapping_add(load_int(from_type, input, i), -p->input_zero);
        const int32_t scaled = multiply_by_quantized_multiplier(steps, p->multiplier, p->shift);
        store_int(to_type, output, i, clamped(wrapping_add(scaled, p->zero), p->low, p->high));
    }
}

struct dequantize_integers {
    int count, scale, zero; /* scale: the bits of a float */
};

INLINE void dequantize_integers(const struct dequantize_integers *p, const uint8_t *input, uint8_t *output) {
    float scale;
    memcpy(&scale, &p->scale, sizeof scale);
    for (int i = 0; i < p->count; i++) ((float *)output)[i] = scale * (float)(((const int16_t *)input)[i] - p->zero);
}

struct dequantize_bytes {
    int rows, columns; /* columns: elements */
    int input_row, output_row; /* bytes */
    int scale, zero; /* scale: the bits of a float; zero: as a byte in memory */
};

INLINE void dequantize_bytes(const struct dequantize_bytes *p, const uint8_t *input, uint8_t *output) {
    float scale;
    memcpy(&scale, &p->scale, sizeof scale);
    for (int row = 0; row < p->rows; row++) {
        const uint8_t *from = input + (ptrdiff_t)row * p->input_row;
        float *to = (float *)(output + (ptrdiff_t)row * p->output_row);
        for (int i = 0; i < p->columns; i += LANES) {
            const integer_lanes steps = integers(load_values(from + i)) - p->zero;
            const float_lanes reals = __builtin_convertvector(steps, float_lanes) * scale;
            if (p->columns - i >= LANES)
                memcpy(to + i, &reals, sizeof reals);
            else
                for (int k = 0; k < p->columns - i; k++) to[i + k] = reals[k];
        }
    }
}

struct cast {
    int count;
};

/* Truncated; beyond the range its end; NaN is 0. */
INLINE int64_t truncated(float x, int64_t low, int64_t high) {
    if (x != x) return 0;
    if (x <= (float)low) return low;
    return x >= (float)high ? high : (int64_t)x;
}

INLINE void cast(const int from_type, const int to_type, const struct cast *p, const uint8_t *input, uint8_t *output) {
    for (int i = 0; i < p->count; i++) {
        if (from_type == A_FLOAT32) {
            const float x = ((const float *)input)[i];
            if (to_type == A_FLOAT32)
                ((float *)output)[i] = x;
            else if (to_type == A_BOOL)
                output[i] = x != 0.0f;
            else if (to_type == A_UINT32)
                ((uint32_t *)output)[i] = (uint32_t)truncated(x, 0, UINT32_MAX);
            else if (to_type == AN_INT8)
                store_int(to_type, output, i, (int32_t)truncated(x, INT8_MIN, INT8_MAX));
            else if (to_type == AN_INT16)
                store_int(to_type, output, i, (int32_t)truncated(x, INT16_MIN, INT16_MAX));
            else
                store_int(to_type, output, i, (int32_t)truncated(x, INT32_MIN, INT32_MAX));
            continue;
        }
        const uint32_t bits = from_type == A_UINT32 ? ((const uint32_t *)input)[i]
                              : from_type == A_BOOL ? input[i]
                                                    : (uint32_t)load_int(from_type, input, i);
        if (to_type == A_FLOAT32)
            ((float *)output)[i] = from_type == A_UINT32 ? (float)bits : (float)(int32_t)bits;
        else if (to_type == A_BOOL)
            output[i] = bits != 0;
        else
            store_int(to_type, output, i, (int32_t)bits);
    }
}
