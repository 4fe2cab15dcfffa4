/* Functions of two int8 elements as TFLM computes them, step by step: slower than what pairs.h has, but ready without any
   search. Planned by scaled_pairs.py. */

#include "arithmetic.h"
#include "fixed_point.h"

struct scaled_pairs {
    int columns, run1, run2, axes;
    int sizes[MAX_DIMENSIONS], steps1[MAX_DIMENSIONS], steps2[MAX_DIMENSIONS], output_steps[MAX_DIMENSIONS];
    int zero1, zero2; /* as bytes */
    int left, multiplier1, shift1, multiplier2, shift2; /* of the inputs */
    int multiplier, shift;                              /* of the result */
    int multiplier_below, shift_below;                  /* PRELU: of the products, where the first input is negative */
    int zero, low, high;                                /* as bytes */
};

INLINE int32_t scaled_input(const struct scaled_pairs *p, int byte, int zero, int multiplier, int shift) {
    return multiply_by_quantized_multiplier((int32_t)((uint32_t)(byte - zero) << p->left), multiplier, shift);
}

INLINE uint8_t scaled_pair(const int function, const struct scaled_pairs *p, int a, int b) {
    const int32_t x = scaled_input(p, a, p->zero1, p->multiplier1, p->shift1);
    const int32_t y = scaled_input(p, b, p->zero2, p->multiplier2, p->shift2);
    if (function >= PLAIN_EQUAL) return COMPARED(function, x, y);
    const int below = function == PLAIN_PRELU && x < 0;
    const int32_t value = function != PLAIN_PRELU ? int_of_two(function, x, y, INT32_MIN, INT32_MAX) : below ? x * y : x;
    const int32_t scaled = multiply_by_quantized_multiplier(value, below ? p->multiplier_below : p->multiplier,
                                                            below ? p->shift_below : p->shift);
    return (uint8_t)clamped(wrapping_add(scaled, p->zero), p->low, p->high);
}

INLINE void scaled_pairs(const int function, const struct scaled_pairs *p, const uint8_t *input1, const uint8_t *input2,
                         uint8_t *output) {
    FOR_EACH_ROW(p, input1, input2, output) {
        const byte_value *a = (const byte_value *)input1, *b = (const byte_value *)input2;
        for (int i = 0; i < p->columns; i++) output[i] = scaled_pair(function, p, a[i * p->run1], b[i * p->run2]);
    }
}
