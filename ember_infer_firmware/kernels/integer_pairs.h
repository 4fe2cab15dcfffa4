/* Functions of two integers that are the values themselves: int32, which wraps, int16, int8 and bool. Planned by
   plain_pairs.py. */

#ifndef EMBER_INTEGER_PAIRS_H
#define EMBER_INTEGER_PAIRS_H

#include "ember_broadcast.h"

struct ember_integer_pairs {
    int32_t count;
    const int32_t *rows;
};

#define EMBER_INTEGER_PAIRS(NAME, TYPE, RESULT, EXPRESSION)                                                 \
    static inline RESULT ember_##NAME##_of(const struct ember_integer_pairs *p, TYPE x, TYPE y) {           \
        (void)p;                                                                                            \
        return (RESULT)(EXPRESSION);                                                                        \
    }                                                                                                       \
    EMBER_PAIRS(NAME, ember_integer_pairs, TYPE, RESULT)

EMBER_INTEGER_PAIRS(int8_maximum, int8_t, int8_t, x > y ? x : y)
EMBER_INTEGER_PAIRS(int8_minimum, int8_t, int8_t, x < y ? x : y)
EMBER_INTEGER_PAIRS(int16_maximum, int16_t, int16_t, x > y ? x : y)
EMBER_INTEGER_PAIRS(int16_minimum, int16_t, int16_t, x < y ? x : y)
EMBER_INTEGER_PAIRS(int32_maximum, int32_t, int32_t, x > y ? x : y)
EMBER_INTEGER_PAIRS(int32_minimum, int32_t, int32_t, x < y ? x : y)
EMBER_INTEGER_PAIRS(int32_squared_difference, int32_t, int32_t,
                    ((uint32_t)x - (uint32_t)y) * ((uint32_t)x - (uint32_t)y))
EMBER_INTEGER_PAIRS(int32_equal, int32_t, uint8_t, x == y)
EMBER_INTEGER_PAIRS(int32_not_equal, int32_t, uint8_t, x != y)
EMBER_INTEGER_PAIRS(int32_less, int32_t, uint8_t, x < y)
EMBER_INTEGER_PAIRS(int32_less_equal, int32_t, uint8_t, x <= y)
EMBER_INTEGER_PAIRS(bool_and, uint8_t, uint8_t, x && y)
EMBER_INTEGER_PAIRS(bool_or, uint8_t, uint8_t, x || y)
EMBER_INTEGER_PAIRS(bool_equal, uint8_t, uint8_t, x == y)
EMBER_INTEGER_PAIRS(bool_not_equal, uint8_t, uint8_t, x != y)

struct ember_int32_pairs {
    int32_t count;
    const int32_t *rows;
    int32_t activation_min, activation_max;
};

#define EMBER_INT32_PAIRS(NAME, EXPRESSION)                                                                 \
    static inline int32_t ember_##NAME##_of(const struct ember_int32_pairs *p, int32_t a, int32_t b) {      \
        const uint32_t x = (uint32_t)a, y = (uint32_t)b;                                                    \
        return ember_clamp((int32_t)(EXPRESSION), p->activation_min, p->activation_max);                    \
    }                                                                                                       \
    EMBER_PAIRS(NAME, ember_int32_pairs, int32_t, int32_t)

EMBER_INT32_PAIRS(int32_add, x + y)
EMBER_INT32_PAIRS(int32_sub, x - y)
EMBER_INT32_PAIRS(int32_mul, x * y)

/* DIV; -1 at the first two numbers that have no quotient, where TFLM stops. */
static inline int ember_int32_div(const struct ember_int32_pairs *p, const int32_t *input1, const int32_t *input2,
                                  int32_t *output) {
    const int32_t run1 = p->rows[0], run2 = p->rows[1];
    int32_t at[EMBER_AXES] = {0};
    for (const int32_t *jumps;; input1 += jumps[0], input2 += jumps[1]) {
        for (int32_t i = 0; i < p->count; i++) {
            const int32_t x = input1[i * run1], y = input2[i * run2];
            if (y == 0 || (y == -1 && x == INT32_MIN))
                return -1;
            *output++ = ember_clamp(x / y, p->activation_min, p->activation_max);
        }
        jumps = ember_next_row(p->rows + 2, 2, at);
        if (jumps == NULL)
            return 0;
    }
}

#endif
