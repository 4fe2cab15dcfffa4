/* Functions of two int8 elements. ADD and SUB go through a formula that is checked on all 65,536 pairs, MUL is scaled in one
   of the ways of requantize.h, whatever remains is a table of all pairs. Planned by linear_pairs.py, mul.py and
   pairs.py. */

#include "broadcast.h"
#include "lanes.h"
#include "requantize.h"

struct linear_pairs {
    int columns, run1, run2, axes;
    int sizes[MAX_DIMENSIONS], steps1[MAX_DIMENSIONS], steps2[MAX_DIMENSIONS], output_steps[MAX_DIMENSIONS];
    int factor1, factor2, constant, shift; /* (a * factor1 + b * factor2 + constant) >> shift */
    int low, high;
};

/* One input stands still: its part of the sum is a constant. */
INLINE void linear_row(const struct linear_pairs *p, const uint8_t *input1,
                       const uint8_t *input2, uint8_t *output) {
    const byte_value *a = (const byte_value *)input1, *b = (const byte_value *)input2;
    const int run1 = p->run1, run2 = p->run2;
    int i = 0;
#if defined(HAS_ADD_BLOCK)
    const uint8_t *x = run1 ? input1 : input2, *y = run2 ? input2 : input1;
    const int factor1 = run1 ? p->factor1 : 0, factor2 = run2 ? p->factor2 : 0;
    const uint32_t still = (run1 ? 0 : (uint32_t)a[0] * (uint32_t)p->factor1) +
                           (run2 ? 0 : (uint32_t)b[0] * (uint32_t)p->factor2) + (uint32_t)p->constant;
    for (; i + CHUNK <= p->columns; i += CHUNK)
        store_block(output + i,
                    add_block(x + i, y + i, factor1, factor2, (int32_t)still, p->shift, p->low, p->high));
#endif
    for (; i < p->columns; i++) {
        /* The parts may wrap; their sum does not. */
        const uint32_t parts = (uint32_t)a[i * run1] * (uint32_t)p->factor1 + (uint32_t)b[i * run2] * (uint32_t)p->factor2;
        const int32_t sum = (int32_t)(parts + (uint32_t)p->constant) >> p->shift;
        output[i] = (uint8_t)(sum < p->low ? p->low : sum > p->high ? p->high : sum);
    }
}

INLINE void linear_pairs(const struct linear_pairs *p, const uint8_t *input1,
                         const uint8_t *input2, uint8_t *output) {
    FOR_EACH_ROW(p, input1, input2, output) linear_row(p, input1, input2, output);
}

struct products {
    int columns, run1, run2, axes;
    int sizes[MAX_DIMENSIONS], steps1[MAX_DIMENSIONS], steps2[MAX_DIMENSIONS], output_steps[MAX_DIMENSIONS];
    int zero1, zero2; /* as bytes */
    int way, corrected1, corrected2, zero, low, high;
};


/* LANES bytes, or one of them everywhere, less a zero point. */
INLINE integer_lanes centred_lanes(int run, const uint8_t *from, int i, int zero) {
    return run ? integers(load_values(from + i)) - zero : (integer_lanes){0} + (((const byte_value *)from)[0] - zero);
}

/* Rows may be read up to a chunk beyond their ends. Constants: those of a requantisation, the same in every lane. */
INLINE void products(const struct products *p, const uint8_t *input1,
                     const uint8_t *input2, uint8_t *output, const uint8_t *constants) {
    const struct requantization r = REQUANTIZATION(p, 1, constants);
    FOR_EACH_ROW(p, input1, input2, output) {
        for (int i = 0; i < p->columns; i += CHUNK) {
            int32_lanes results[4];
            UNROLL for (int k = 0; k < 4; k++) {
                const integer_lanes product = centred_lanes(p->run1, input1, i + k * LANES, p->zero1) *
                                              centred_lanes(p->run2, input2, i + k * LANES, p->zero2);
                results[k] = requantize(&r, target_lanes(product), 0, 0);
            }
            if (p->columns - i >= CHUNK)
                store_block(output + i, pack(&r, results));
            else
                store_block_start(output + i, pack(&r, results), p->columns - i);
        }
    }
}

struct pairs {
    int columns, run1, run2, axes;
    int sizes[MAX_DIMENSIONS], steps1[MAX_DIMENSIONS], steps2[MAX_DIMENSIONS], output_steps[MAX_DIMENSIONS];
};

INLINE void pairs(const struct pairs *p, const uint8_t *input1, const uint8_t *input2,
                  uint8_t *output, const uint8_t *table) {
    FOR_EACH_ROW(p, input1, input2, output)
    for (int i = 0; i < p->columns; i++) output[i] = table[input1[i * p->run1] << 8 | input2[i * p->run2]];
}
