/* Functions of two int8 elements. ADD of equal shapes goes through a formula that add.py has checked on all 65,536 pairs,
   whatever remains through a table of them. Planned by pairs.py. */

#include "broadcast.h"

struct elementwise {
    int rows, columns; /* equal shapes: rows of bytes */
    int input1_row, input2_row, output_row;
    int factor1, factor2, constant, shift; /* (a * factor1 + b * factor2 + constant) >> shift */
    int low, high;
};

INLINE void add(const struct elementwise *p, const uint8_t *input1, const uint8_t *input2, uint8_t *output) {
    for (int row = 0; row < p->rows; row++) {
        const byte_value *a = (const byte_value *)input1 + (ptrdiff_t)row * p->input1_row;
        const byte_value *b = (const byte_value *)input2 + (ptrdiff_t)row * p->input2_row;
        uint8_t *to = output + (ptrdiff_t)row * p->output_row;
        int i = 0;
#if defined(HAS_ADD_BLOCK)
        for (; i + CHUNK <= p->columns; i += CHUNK)
            store_block(to + i, add_block((const uint8_t *)a + i, (const uint8_t *)b + i, p->factor1, p->factor2,
                                          p->constant, p->shift, p->low, p->high));
#endif
        for (; i < p->columns; i++) {
            /* The parts may wrap; their sum does not. */
            const uint32_t parts = (uint32_t)a[i] * (uint32_t)p->factor1 + (uint32_t)b[i] * (uint32_t)p->factor2;
            const int32_t sum = (int32_t)(parts + (uint32_t)p->constant) >> p->shift;
            to[i] = (uint8_t)(sum < p->low ? p->low : sum > p->high ? p->high : sum);
        }
    }
}

struct pairs {
    int rows, columns;
    int input1_row, input2_row, output_row;
};

INLINE void pairs(const struct pairs *p, const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                  const uint8_t *constants) {
    for (int row = 0; row < p->rows; row++) {
        const uint8_t *a = input1 + (ptrdiff_t)row * p->input1_row, *b = input2 + (ptrdiff_t)row * p->input2_row;
        uint8_t *to = output + (ptrdiff_t)row * p->output_row;
        for (int i = 0; i < p->columns; i++) to[i] = constants[a[i] << 8 | b[i]];
    }
}

struct broadcast {
    int sizes[MAX_DIMENSIONS], steps1[MAX_DIMENSIONS], steps2[MAX_DIMENSIONS]; /* of a dense output; 0: repeated */
};

INLINE void broadcast_pairs(const struct broadcast *p, const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                            const uint8_t *constants) {
    int at[MAX_DIMENSIONS] = {0};
    ptrdiff_t first1 = 0, first2 = 0;
    const int last = MAX_DIMENSIONS - 1;
    do {
        const uint8_t *a = input1 + first1, *b = input2 + first2;
        for (int i = 0; i < p->sizes[last]; i++)
            *output++ = constants[a[(ptrdiff_t)i * p->steps1[last]] << 8 | b[(ptrdiff_t)i * p->steps2[last]]];
    } while (next_row(p->sizes, p->steps1, p->steps2, at, &first1, &first2));
}
