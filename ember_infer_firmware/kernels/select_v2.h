/* SELECT_V2: elements of one tensor or the other, broadcast. Planned by select_v2.py. */

#ifndef EMBER_SELECT_V2_H
#define EMBER_SELECT_V2_H

#include "ember_broadcast.h"

struct ember_select {
    int32_t count; /* of a row */
    const int32_t *rows; /* what condition, x and y run along a row, 1 or 0; then what ember_next_row reads */
};

#define EMBER_SELECT(NAME, TYPE)                                                                            \
    static inline void ember_select_##NAME(const struct ember_select *p, const uint8_t *condition, const TYPE *x,    \
                                           const TYPE *y, TYPE *output) {                                   \
        const int32_t *rows = p->rows, count = p->count;                                                    \
        int32_t at[EMBER_AXES] = {0};                                                                       \
        for (const int32_t *jumps;; condition += jumps[0], x += jumps[1], y += jumps[2]) {                  \
            for (int32_t i = 0; i < count; i++)                                                             \
                *output++ = condition[i * rows[0]] ? x[i * rows[1]] : y[i * rows[2]];                       \
            jumps = ember_next_row(rows + 3, 3, at);                                                        \
            if (jumps == NULL)                                                                              \
                return;                                                                                     \
        }                                                                                                   \
    }

EMBER_SELECT(int8, int8_t)
EMBER_SELECT(int16, int16_t)
EMBER_SELECT(int32, int32_t)
EMBER_SELECT(float32, float)

#endif
