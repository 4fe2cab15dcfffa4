/* Elementwise functions of two tensors, of one shape or broadcast. Planned by broadcast.py. */

#ifndef EMBER_BROADCAST_H
#define EMBER_BROADCAST_H

#include "ember_common.h"

#define EMBER_AXES 5 /* beside the row: shapes have six axes at most */

/* What lies beyond a row: the number of axes; then of each, beginning with the one that changes fastest, its size and, of
   each input, how far it jumps where this axis goes on and the faster ones begin anew. Counts the row in `at`, zeros at
   first; returns the jumps to the next row, or NULL after the last one. */
static inline const int32_t *ember_next_row(const int32_t *axes, int32_t inputs, int32_t *at) {
    const int32_t *axis = axes + 1;
    for (int32_t i = 0; i < axes[0]; i++, axis += 1 + inputs) {
        if (++at[i] < axis[0])
            return axis + 1;
        at[i] = 0;
    }
    return NULL;
}

/* Two functions over a struct with the fields `count`, elements of a row, and `rows`: ember_NAME for tensors of one shape,
   which is one row, and ember_NAME_broadcast, where `rows` has what each input runs along a row, 1 or 0, then what
   ember_next_row reads. Both call ember_NAME_of for every two elements. They copy the struct: a compiler would have to
   load its fields again after each result, which might have overwritten them. */
#define EMBER_PAIRS(NAME, STRUCT, TYPE, RESULT)                                                                          \
    static inline void ember_##NAME(const struct STRUCT *p, const TYPE *input1, const TYPE *input2, RESULT *output) {    \
        const struct STRUCT fields = *p;                                                                                 \
        for (const RESULT *end = output + fields.count; output != end;)                                                  \
            *output++ = ember_##NAME##_of(&fields, *input1++, *input2++);                                                \
    }                                                                                                                    \
    static inline void ember_##NAME##_broadcast(const struct STRUCT *p, const TYPE *input1, const TYPE *input2,          \
                                                RESULT *output) {                                                        \
        const struct STRUCT fields = *p;                                                                                 \
        const int32_t run1 = fields.rows[0], run2 = fields.rows[1];                                                      \
        int32_t at[EMBER_AXES] = {0};                                                                                    \
        for (const int32_t *jumps; ; input1 += jumps[0], input2 += jumps[1]) {                                           \
            const TYPE *x = input1, *y = input2;                                                                         \
            for (const RESULT *end = output + fields.count; output != end; x += run1, y += run2)                         \
                *output++ = ember_##NAME##_of(&fields, *x, *y);                                                          \
            jumps = ember_next_row(fields.rows + 2, 2, at);                                                              \
            if (jumps == NULL)                                                                                           \
                return;                                                                                                  \
        }                                                                                                                \
    }

#endif
