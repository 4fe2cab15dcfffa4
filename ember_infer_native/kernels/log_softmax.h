/* LOG_SOFTMAX of int8. Constants: for each of the 256 distances to a row's maximum the exponent as Q5.26, then its
   exponential as Q12.19, which the sum is made of. Planned by log_softmax.py. */

#include "reciprocal.h"

struct log_softmax {
    int rows, classes;
    int reverse_multiplier, reverse_shift, diff_min;
    int error; /* what becomes the status where a sum overflows, which takes more than 4095 summands */
};

INLINE byte_value most_of_row(const struct log_softmax *p, const byte_value *x) {
    byte_value most = BYTE_MIN;
    for (int c = 0; c < p->classes; c++) most = x[c] > most ? x[c] : most;
    return most;
}

INLINE void check_log_softmax(const struct log_softmax *p, const uint8_t *input, const uint8_t *constants, uint8_t *status) {
    const int32_t *summands = (const int32_t *)constants + 256;
    for (int row = 0; row < p->rows; row++) {
        const byte_value *x = (const byte_value *)input + (ptrdiff_t)row * p->classes;
        const byte_value most = most_of_row(p, x);
        int64_t total = 0;
        for (int c = 0; c < p->classes; c++) total += summands[most - x[c]];
        if (total > INT32_MAX) *(int32_t *)status = p->error;
    }
}

INLINE void log_softmax(const struct log_softmax *p, const uint8_t *input, uint8_t *output, const uint8_t *constants) {
    const int32_t *exponents = (const int32_t *)constants, *summands = exponents + 256;
    for (int row = 0; row < p->rows; row++) {
        const byte_value *x = (const byte_value *)input + (ptrdiff_t)row * p->classes;
        uint8_t *to = output + (ptrdiff_t)row * p->classes;
        const byte_value most = most_of_row(p, x);
        uint32_t total = 0;
        for (int c = 0; c < p->classes; c++) total += (uint32_t)summands[most - x[c]];
        if (total - 1 >= INT32_MAX) total = 1; /* a row without a result; the status says so */
        const int32_t log_of_sum = logarithm((int32_t)total);
        int32_t least = multiply_by_quantized_multiplier(log_of_sum + INT32_MIN, p->reverse_multiplier, p->reverse_shift);
        if (least < p->diff_min - 1) least = p->diff_min - 1;
        for (int c = 0; c < p->classes; c++) {
            const int distance = most - x[c];
            const int32_t scaled = rounding_shift_right(wrapping_add(exponents[distance], -log_of_sum), 22);
            const int32_t result = -distance > least ? clamped(scaled + 127, -128, 127) : -128;
            to[c] = (uint8_t)(result + ACTIVATION_BIAS);
        }
    }
}
