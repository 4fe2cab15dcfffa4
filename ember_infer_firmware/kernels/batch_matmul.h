/* BATCH_MATMUL, and FULLY_CONNECTED with computed weights: products of two stacks of matrices. Transposed matrices are
   read where they lie. Planned by batch_matmul.py. */

#ifndef EMBER_BATCH_MATMUL_H
#define EMBER_BATCH_MATMUL_H

#include "ember_fixed_point.h"
#include "ember_floats.h"
#include "ember_walk.h"

struct ember_matrices {
    const int32_t *left_axes;  /* of the stack; how far its matrices lie from the first */
    const int32_t *right_axes;
    int32_t stack_axes, products;
    int32_t rows, depth, columns;
    int32_t left_row, left_column, right_row, right_column; /* elements from the one to the next */
};

struct ember_batch_matmul_int8 {
    struct ember_matrices of;
    const int32_t *bias; /* or a null pointer */
    int32_t left_offset, right_offset, multiplier, shift, output_offset, activation_min, activation_max;
};

/* The sums of products of (left + left_offset) and four columns of the right matrix, `next` apart, from `shared` on. Not
   inlined, so that registers hold all of it; every second one of `sums`, because of four side by side compilers for
   processors with vectors would make one. */
static EMBER_NOT_INLINED void ember_matmul_dot(const struct ember_batch_matmul_int8 *p, const int8_t *left,
                                               const int8_t *right, int32_t next, uint32_t shared, uint32_t *sums) {
    const int32_t left_step = p->of.left_column, right_step = p->of.right_row, offset = p->left_offset;
    uint32_t a = shared, b = shared, c = shared, d = shared;
    for (int32_t i = p->of.depth; i != 0; i--, left += left_step, right += right_step) {
        const int32_t x = *left + offset;
        a += (uint32_t)(x * right[0]);
        b += (uint32_t)(x * right[next]);
        c += (uint32_t)(x * right[2 * next]);
        d += (uint32_t)(x * right[3 * next]);
    }
    sums[0] = a;
    sums[2] = b;
    sums[4] = c;
    sums[6] = d;
}

/* One row of a product. With x = left + left_offset, the sum of x * (right + right_offset) is that of x * right, plus
   right_offset times the sum of x, which all columns share. Four columns go together, for which x is loaded once; the
   last ones, fewer than four, one by one: four times the same. */
static inline void ember_matmul_row(const struct ember_batch_matmul_int8 *p, const int8_t *left, const int8_t *right,
                                    int8_t *output) {
    uint32_t shared = 0;
    if (p->right_offset != 0) {
        for (int32_t i = 0; i < p->of.depth; i++)
            shared += (uint32_t)((left[i * p->of.left_column] + p->left_offset) * p->right_offset);
    }
    for (int32_t column = 0; column < p->of.columns;) {
        const int32_t next = p->of.right_column, count = column + 4 <= p->of.columns ? 4 : 1;
        uint32_t sums[7];
        ember_matmul_dot(p, left, right + column * next, count == 4 ? next : 0, shared, sums);
        for (int32_t i = 0; i < count; i++, column++) {
            const uint32_t bias = p->bias == NULL ? 0u : (uint32_t)p->bias[column];
            const uint32_t scaled = (uint32_t)ember_scale((int32_t)(sums[2 * i] + bias), p->multiplier, p->shift);
            const int32_t value = (int32_t)(scaled + (uint32_t)p->output_offset); /* wraps, as TFLM's does */
            *output++ = (int8_t)ember_clamp(value, p->activation_min, p->activation_max);
        }
    }
}

static inline void ember_batch_matmul_int8(const struct ember_batch_matmul_int8 *p, const int8_t *left,
                                           const int8_t *right, int8_t *output) {
    for (int32_t i = 0; i < p->of.products; i++) {
        const int8_t *row = left + ember_place(p->of.left_axes, p->of.stack_axes, i);
        const int8_t *matrix = right + ember_place(p->of.right_axes, p->of.stack_axes, i);
        for (int32_t n = p->of.rows; n != 0; n--, row += p->of.left_row, output += p->of.columns)
            ember_matmul_row(p, row, matrix, output);
    }
}

/* In TFLM's order: each product is rounded, then each sum. */
static inline void ember_batch_matmul_float32(const struct ember_matrices *p, const float *left,
                                              const float *right, float *output) {
    for (int32_t i = 0; i < p->products; i++) {
        const float *row = left + ember_place(p->left_axes, p->stack_axes, i);
        const float *matrix = right + ember_place(p->right_axes, p->stack_axes, i);
        for (int32_t n = p->rows; n != 0; n--, row += p->left_row) {
            for (int32_t column = 0; column < p->columns; column++) {
                const float *x = row, *y = matrix + column * p->right_column;
                float sum = 0.0f;
                for (int32_t k = p->depth; k != 0; k--, x += p->left_column, y += p->right_row)
                    sum += *x * *y;
                *output++ = sum;
            }
        }
    }
}

#endif
