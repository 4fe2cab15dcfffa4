/* One result for all elements along some axes of a dense tensor. Planned by reduction.py. */

#include "fixed_point.h"

#define REDUCED_AXES 8
#define FOLDED_TOGETHER 256 /* results whose folds are kept at a time */
#define FOLD_VECTOR 32      /* bytes that are added up at once; gcc would not do so by itself at -O2 */
#define FOLD_BYTES 16       /* bytes of a row that are added up at once */
#define FOLD_RUN 256        /* bytes that add up in a uint16 */

struct reduction {
    int kept_sizes[REDUCED_AXES], kept_steps[REDUCED_AXES]; /* in elements; the last axis changes fastest */
    int reduced_sizes[REDUCED_AXES], reduced_steps[REDUCED_AXES];
    int offset, multiplier, shift, zero, low, high; /* of sums of integers */
    int divisor;                                    /* of sums of float32 */
};

typedef uint16_t byte_pairs __attribute__((vector_size(FOLD_VECTOR), aligned(1), may_alias));
typedef uint8_t run_bytes __attribute__((vector_size(FOLD_BYTES), aligned(1), may_alias));
typedef uint16_t wide_run __attribute__((vector_size(2 * FOLD_BYTES)));

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

/* The kernel. `rows`: what touches are the elements of the last kept axis; otherwise, those of the last reduced one. */
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

/* Sums of int8 are sums of value + 128, whatever the bias in memory. */
#define FOLD_FLIP (128 ^ ACTIVATION_BIAS)
#define FOLD_UNSIGNED(X) ((uint32_t)((uint8_t)(X) ^ FOLD_FLIP))

/* Adds up columns, FOLD_VECTOR of them next to each other `vectors` times: a pair of bytes as one number, and its upper
   byte for itself, so that nothing has to be widened. */
INLINE void add_columns(const int vectors, uint32_t *sums, const byte_value *x, ptrdiff_t step, int rows) {
    const byte_pairs flip = (byte_pairs){0} + (uint16_t)(FOLD_FLIP * 0x0101);
    for (int row = 0; row < rows;) {
        const int end = rows - row < FOLD_RUN ? rows : row + FOLD_RUN;
        byte_pairs whole[4] = {{0}}, upper[4] = {{0}};
        for (; row < end; row++)
            UNROLL for (int v = 0; v < vectors; v++) {
                const byte_pairs pairs = *(const byte_pairs *)(x + row * step + v * FOLD_VECTOR) ^ flip;
                whole[v] += pairs;
                upper[v] += pairs >> 8;
            }
        UNROLL for (int v = 0; v < vectors; v++)
            for (int i = 0; i < FOLD_VECTOR / 2; i++) {
                sums[v * FOLD_VECTOR + 2 * i] += (uint16_t)(whole[v][i] - (upper[v][i] << 8));
                sums[v * FOLD_VECTOR + 2 * i + 1] += upper[v][i];
            }
    }
}

INLINE void add_some_columns(uint32_t *sums, const byte_value *x, ptrdiff_t step, int rows, int first, int count) {
    for (int row = 0; row < rows; row++)
        for (int i = first; i < count; i++) sums[i] += FOLD_UNSIGNED(x[row * step + i]);
}

INLINE void sum_int8_rows(uint32_t *sums, const byte_value *x, ptrdiff_t step, int rows, int count) {
    int i = 0;
    for (; i + 4 * FOLD_VECTOR <= count; i += 4 * FOLD_VECTOR) add_columns(4, sums + i, x + i, step, rows);
    for (; i + FOLD_VECTOR <= count; i += FOLD_VECTOR) add_columns(1, sums + i, x + i, step, rows);
    if (i == count) return;
    if (i) { /* the last vector, of which some columns are done */
        uint32_t last[FOLD_VECTOR] = {0};
        const int first = count - FOLD_VECTOR;
        add_columns(1, last, x + first, step, rows);
        for (; i < count; i++) sums[i] += last[i - first];
    } else if (step == count) { /* few columns, next to each other: several rows make one of whole vectors */
        uint32_t wide[FOLD_VECTOR * (FOLD_VECTOR - 1)] = {0};
        const int joined = FOLD_VECTOR >> __builtin_ctz(count), width = joined * count;
        for (int v = 0; v < width; v += FOLD_VECTOR) add_columns(1, wide + v, x + v, width, rows / joined);
        for (int v = 0; v < width; v++) sums[v % count] += wide[v];
        add_some_columns(sums, x + (ptrdiff_t)(rows / joined) * width, step, rows % joined, 0, count);
    } else
        add_some_columns(sums, x, step, rows, 0, count);
}

INLINE uint32_t sum_int8_run(uint32_t sum, const byte_value *x, int count) {
    const run_bytes flip = (run_bytes){0} + (uint8_t)FOLD_FLIP;
    const int most = FOLD_RUN * FOLD_BYTES;
    int i = 0;
    while (i + FOLD_BYTES <= count) {
        const int rest = (count - i) / FOLD_BYTES * FOLD_BYTES, end = i + (rest < most ? rest : most);
        wide_run lanes = {0};
        for (; i < end; i += FOLD_BYTES) lanes += __builtin_convertvector(*(const run_bytes *)(x + i) ^ flip, wide_run);
        for (int lane = 0; lane < FOLD_BYTES; lane++) sum += lanes[lane];
    }
    for (; i < count; i++) sum += FOLD_UNSIGNED(x[i]);
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
