/* Sums of all elements up to each one along an axis. Planned by cumsum.py. */

#include "fixed_point.h"

struct cumsum {
    int outer, count, inner; /* of axes before, of the axis, of axes behind it */
    int offset, multiplier, shift, zero; /* of int8 */
};

/* What comes out for a sum of int8 elements less their zero point: TFLM's sums are these, times 2**19. */
INLINE uint8_t byte_of_total(const struct cumsum *p, uint32_t total) {
    const int32_t scaled = multiply_by_quantized_multiplier((int32_t)(total << 19), p->multiplier, p->shift);
    return (uint8_t)(clamped(wrapping_add(scaled, p->zero), -128, 127) + ACTIVATION_BIAS);
}

INLINE float float_of_total(const struct cumsum *p, float total) {
    (void)p;
    return total;
}

#define CUMSUM(NAME, ELEMENT, TOTAL, FIRST, RESULT_TYPE, ADDED, RESULT)                                                \
    INLINE void NAME(const int exclusive, const int reverse, const struct cumsum *p, const uint8_t *input,             \
                     uint8_t *output) {                                                                                \
        const ptrdiff_t inner = p->inner, row = p->count * inner;                                                      \
        const ptrdiff_t first = reverse ? row - inner : 0, step = reverse ? -inner : inner;                            \
        for (int outer = 0; outer < p->outer; outer++)                                                                 \
            for (ptrdiff_t i = 0; i < inner; i++) {                                                                    \
                const ELEMENT *x = (const ELEMENT *)input + outer * row + first + i;                                   \
                RESULT_TYPE *to = (RESULT_TYPE *)output + outer * row + first + i;                                     \
                TOTAL total = FIRST;                                                                                   \
                for (int n = 0; n < p->count; n++, x += step, to += step) {                                            \
                    const TOTAL next = total + ADDED(*x);                                                              \
                    *to = RESULT(p, exclusive ? total : next);                                                         \
                    total = next;                                                                                      \
                }                                                                                                      \
            }                                                                                                          \
    }

#define LESS_ZERO_POINT(X) ((uint32_t)((X) - ACTIVATION_BIAS + p->offset))
#define THE_FLOAT(X) (X)

/* TFLM begins an int8 sum at the offset, not at 0. */
CUMSUM(cumsum_int8, byte_value, uint32_t, (uint32_t)p->offset, uint8_t, LESS_ZERO_POINT, byte_of_total)
CUMSUM(cumsum_float32, float, float, 0.0f, float, THE_FLOAT, float_of_total)
