/* SOFTMAX in gemmlowp's fixed point. Constants: for each of the 256 distances to a row's maximum the exponential as
   Q0.31, then the same as Q12.19, which the sum is made of. Planned by softmax.py. */

#include "reciprocal.h"

struct softmax {
    int rows, classes;
};

/* `bits` of a result: 8 or 16. */
INLINE void softmax(const int bits, const struct softmax *p, const uint8_t *input, uint8_t *output,
                    const uint8_t *constants) {
    const int32_t *exponentials = (const int32_t *)constants, *summands = exponentials + 256;
    for (int row = 0; row < p->rows; row++) {
        const ptrdiff_t first = (ptrdiff_t)row * p->classes;
        const byte_value *x = (const byte_value *)input + first;
        byte_value most = BYTE_MIN;
        for (int c = 0; c < p->classes; c++) most = x[c] > most ? x[c] : most;
        uint32_t total = 0; /* wraps, as TFLM's does */
        for (int c = 0; c < p->classes; c++) total += (uint32_t)summands[most - x[c]];
        /* TFLM stops by an assertion where a result of 8 bits has a sum of 512 or more; the answer is the least there. */
        if (!total) total = INT32_MAX;
        const int zeros = leading_zeros(total);
        const int32_t scale = one_over_one_plus((int32_t)((total << zeros) - (1u << 31)));
        const int shift = 12 - zeros + 31 - bits, most_value = (1 << bits) - 1;
        const int64_t nudge = ((int64_t)1 << shift) >> 1;
        for (int c = 0; c < p->classes; c++) {
            const int64_t value = ((int64_t)high_mul(scale, exponentials[most - x[c]]) + nudge) >> shift;
            const int32_t result = value > most_value ? most_value : (int32_t)value;
            if (bits == 8)
                output[first + c] = (uint8_t)(result - 128 + ACTIVATION_BIAS);
            else
                ((int16_t *)output)[first + c] = (int16_t)(result - 32768);
        }
    }
}
