/* One result for all elements along some axes of a dense tensor. Planned by reduction.py. */

#include "fixed_point.h"

#define REDUCED_AXES 8
#define FOLDED_TOGETHER 64 /* results whose folds are kept at a time */
#define FOLD_VECTOR 16   /* bytes that are folded at once; gcc would not do so by itself at -O2 */
#define FOLD_RUN 128     /* bytes that add up in an int16 */

struct reduction {
    int kept_sizes[REDUCED_AXES], kept_steps[REDUCED_AXES]; /* in elements; the last axis changes fastest */
    int reduced_sizes[REDUCED_AXES], reduced_steps[REDUCED_AXES];
    int offset, multiplier, shift, zero, low, high; /* of sums of integers */
    int divisor;                                    /* of sums of float32 */
};

typedef byte_value byte_vector __attribute__((vector_size(FOLD_VECTOR), aligned(1), may_alias));
typedef int16_t sum_vector __attribute__((vector_size(2 * FOLD_VECTOR)));

/* A kernel does the last axis itself and then takes `next_of`, from all zeros, until it returns 0. */
INLINE int next_of(const int *sizes, const int *steps, int *at, ptrdiff_t *first) {
    for (int axis = REDUCED_AXES - 2; axis >= 0; axis--) {
        *first += steps[axis];
        if (++at[axis] < sizes[axis]) return 1;
        *first -= (ptrdiff_t)steps[axis] * sizes[axis];
        at[axis] = 0;
    }
    return 0;
}

INLINE int32_t scaled_sum(const struct reduction *p, uint32_t sum) {
    const int32_t total = (int32_t)(sum + (uint32_t)p->offset);
    const int32_t scaled = multiply_by_quantized_multiplier(total, p->multiplier, p->shift);
    return clamped(wrapping_add(scaled, p->zero), p->low, p->high);
}

/* Every fold has two functions. NAME_rows: of `rows` rows, `step` elements apart, folds the elements at each of `count`
   places; NAME_run: folds `count` elements that touch. */
#define FOLDS(NAME, ELEMENT, FOLDED, FOLD)                                                                             \
    INLINE void NAME##_rows(FOLDED *folded, const ELEMENT *x, ptrdiff_t step, int rows, int count) {                   \
        for (int row = 0; row < rows; row++)                                                                           \
            for (int i = 0; i < count; i++) folded[i] = FOLD(folded[i], x[row * step + i]);                            \
    }                                                                                                                  \
    INLINE FOLDED NAME##_run(FOLDED folded, const ELEMENT *x, int count) {                                             \
        for (int i = 0; i < count; i++) folded = FOLD(folded, x[i]);                                                   \
        return folded;                                                                                                 \
    }

/* The kernel. `rows`: the results of the last kept axis come from elements that touch; otherwise the elements of the last
   reduced axis do. */
#define REDUCTION(NAME, ELEMENT, FOLDED, FIRST, RESULT)                                                                \
    INLINE void NAME(const int rows, const struct reduction *p, const uint8_t *input, uint8_t *output) {               \
        const int last = REDUCED_AXES - 1, results = p->kept_sizes[last], along = p->reduced_sizes[last];              \
        const ptrdiff_t kept_step = p->kept_steps[last], step = p->reduced_steps[last];                                \
        const ELEMENT *elements = (const ELEMENT *)input;                                                              \
        ELEMENT *to = (ELEMENT *)output;                                                                               \
        int kept[REDUCED_AXES] = {0};                                                                                  \
        ptrdiff_t first = 0;                                                                                           \
        do {                                                                                                           \
            for (int begin = 0; begin < results; begin += FOLDED_TOGETHER) {                                           \
                const int count = results - begin < FOLDED_TOGETHER ? results - begin : FOLDED_TOGETHER;               \
                FOLDED folded[FOLDED_TOGETHER];                                                                        \
                int at[REDUCED_AXES] = {0};                                                                            \
                ptrdiff_t from = first + begin * kept_step;                                                            \
                for (int i = 0; i < count; i++) folded[i] = FIRST;                                                     \
                do                                                                                                     \
                    if (rows)                                                                                          \
                        NAME##_rows(folded, elements + from, step, along, count);                                      \
                    else                                                                                               \
                        for (int i = 0; i < count; i++)                                                                \
                            folded[i] = NAME##_run(folded[i], elements + from + i * kept_step, along);                 \
                while (next_of(p->reduced_sizes, p->reduced_steps, at, &from));                                        \
                for (int i = 0; i < count; i++) to[begin + i] = (ELEMENT)(RESULT(p, folded[i]));                       \
            }                                                                                                          \
            to += results;                                                                                             \
        } while (next_of(p->kept_sizes, p->kept_steps, kept, &first));                                                 \
    }

/* `vectors` of them next to each other. */
INLINE void add_byte_vectors(const int vectors, uint32_t *sums, const byte_value *x, ptrdiff_t step, int rows) {
    for (int row = 0; row < rows;) {
        const int end = rows - row < FOLD_RUN ? rows : row + FOLD_RUN;
        sum_vector run[4] = {{0}};
        for (; row < end; row++)
            UNROLL for (int v = 0; v < vectors; v++)
                run[v] += __builtin_convertvector(*(const byte_vector *)(x + row * step + v * FOLD_VECTOR), sum_vector);
        UNROLL for (int v = 0; v < vectors; v++)
            for (int i = 0; i < FOLD_VECTOR; i++) sums[v * FOLD_VECTOR + i] += (uint32_t)run[v][i];
    }
}

INLINE void sum_int8_rows(uint32_t *sums, const byte_value *x, ptrdiff_t step, int rows, int count) {
    int i = 0;
    for (; i + 4 * FOLD_VECTOR <= count; i += 4 * FOLD_VECTOR) add_byte_vectors(4, sums + i, x + i, step, rows);
    for (; i + FOLD_VECTOR <= count; i += FOLD_VECTOR) add_byte_vectors(1, sums + i, x + i, step, rows);
    for (; i < count; i++)
        for (int row = 0; row < rows; row++) sums[i] += (uint32_t)x[row * step + i];
}

INLINE uint32_t sum_int8_run(uint32_t sum, const byte_value *x, int count) {
    const int vectors = count / FOLD_VECTOR;
    if (vectors) {
        uint32_t sums[FOLD_VECTOR] = {0};
        add_byte_vectors(1, sums, x, FOLD_VECTOR, vectors);
        for (int i = 0; i < FOLD_VECTOR; i++) sum += sums[i];
    }
    for (int i = vectors * FOLD_VECTOR; i < count; i++) sum += (uint32_t)x[i];
    return sum;
}

#define FOLD_ADD(FOLDED, X) ((FOLDED) + (X))
#define FOLD_ADD_INT(FOLDED, X) ((FOLDED) + (uint32_t)(X))
#define FOLD_GREATER(FOLDED, X) ((X) > (FOLDED) ? (X) : (FOLDED))
#define FOLD_LESS(FOLDED, X) ((X) < (FOLDED) ? (X) : (FOLDED))
#define FOLD_BOTH(FOLDED, X) ((FOLDED) && (X))
#define FOLD_AS_IT_IS(P, FOLDED) (FOLDED)
#define FOLD_TO_BYTE(P, FOLDED) (scaled_sum(P, FOLDED) + ACTIVATION_BIAS)
#define FOLD_DIVIDED(P, FOLDED) ((FOLDED) / (float)(P)->divisor)
#define FOLD_FLOAT_MAX 3.402823466385288598e38f

REDUCTION(sum_int8, byte_value, uint32_t, 0, FOLD_TO_BYTE)
FOLDS(sum_int16, int16_t, uint32_t, FOLD_ADD_INT)
REDUCTION(sum_int16, int16_t, uint32_t, 0, scaled_sum)
FOLDS(sum_float32, float, float, FOLD_ADD)
REDUCTION(sum_float32, float, float, 0.0f, FOLD_DIVIDED)
FOLDS(greatest_int8, byte_value, byte_value, FOLD_GREATER)
REDUCTION(greatest_int8, byte_value, byte_value, BYTE_MIN, FOLD_AS_IT_IS)
FOLDS(least_int8, byte_value, byte_value, FOLD_LESS)
REDUCTION(least_int8, byte_value, byte_value, BYTE_MIN + 255, FOLD_AS_IT_IS)
FOLDS(greatest_float32, float, float, FOLD_GREATER)
REDUCTION(greatest_float32, float, float, -FOLD_FLOAT_MAX, FOLD_AS_IT_IS)
FOLDS(least_float32, float, float, FOLD_LESS)
REDUCTION(least_float32, float, float, FOLD_FLOAT_MAX, FOLD_AS_IT_IS)
FOLDS(all_bool, uint8_t, uint8_t, FOLD_BOTH)
REDUCTION(all_bool, uint8_t, uint8_t, 1, FOLD_AS_IT_IS)
