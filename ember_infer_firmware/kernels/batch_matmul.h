/* BATCH_MATMUL, and FULLY_CONNECTED with computed weights: products of two stacks of matrices. Transposed matrices are
   read where they lie. Planned by batch_matmul.py. */

#ifndef EMBER_BATCH_MATMUL_H
#define EMBER_BATCH_MATMUL_H

#include "ember_fixed_point.h"
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

static inline int8_t ember_matmul_scaled(const struct ember_batch_matmul_int8 *p, int32_t column, uint32_t sum) {
    const uint32_t bias = p->bias == NULL ? 0u : (uint32_t)p->bias[column];
    const int32_t value = ember_scale((int32_t)(sum + bias), p->multiplier, p->shift) + p->output_offset;
    return (int8_t)ember_clamp(value, p->activation_min, p->activation_max);
}

/* One row of a product. With x = left + left_offset, the sum of x * (right + right_offset) is that of x * right, plus
   right_offset times the sum of x, which all columns share. */
static inline void ember_matmul_row(const struct ember_batch_matmul_int8 *p, const int8_t *left, const int8_t *right,
                                    int8_t *output) {
    const int32_t depth = p->of.depth, offset = p->left_offset;
    const int32_t left_step = p->of.left_column, right_step = p->of.right_row, next = p->of.right_column;
    uint32_t shared = 0;
    if (p->right_offset != 0) {
        for (int32_t i = 0; i < depth; i++)
            shared += (uint32_t)((left[i * left_step] + offset) * p->right_offset);
    }
    int32_t column = 0;
    for (; column + 4 <= p->of.columns; column += 4, right += 4 * next) {
        const int8_t *x = left, *y = right;
        uint32_t a = shared, b = shared, c = shared, d = shared;
        for (int32_t i = depth; i != 0; i--, x += left_step, y += right_step) {
            const int32_t factor = *x + offset;
            a += (uint32_t)(factor * y[0]);
            b += (uint32_t)(factor * y[next]);
            c += (uint32_t)(factor * y[2 * next]);
            d += (uint32_t)(factor * y[3 * next]);
        }
        *output++ = ember_matmul_scaled(p, column, a);
        *output++ = ember_matmul_scaled(p, column + 1, b);
        *output++ = ember_matmul_scaled(p, column + 2, c);
        *output++ = ember_matmul_scaled(p, column + 3, d);
    }
    for (; column < p->of.columns; column++, right += next) {
        const int8_t *x = left, *y = right;
        uint32_t sum = shared;
        for (int32_t i = depth; i != 0; i--, x += left_step, y += right_step)
            sum += (uint32_t)((*x + offset) * *y);
        *output++ = ember_matmul_scaled(p, column, sum);
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

struct ember_batch_matmul_float32 {
    struct ember_matrices of;
};

/* In TFLM's order: each product is rounded, then each sum. */
static inline void ember_batch_matmul_float32(const struct ember_batch_matmul_float32 *p, const float *left,
                                              const float *right, float *output) {
    for (int32_t i = 0; i < p->of.products; i++) {
        const float *row = left + ember_place(p->of.left_axes, p->of.stack_axes, i);
        const float *matrix = right + ember_place(p->of.right_axes, p->of.stack_axes, i);
        for (int32_t n = p->of.rows; n != 0; n--, row += p->of.left_row) {
            for (int32_t column = 0; column < p->of.columns; column++) {
                const float *x = row, *y = matrix + column * p->of.right_column;
                float sum = 0.0f;
                for (int32_t k = p->of.depth; k != 0; k--, x += p->of.left_column, y += p->of.right_row)
                    sum += *x * *y;
                *output++ = sum;
            }
        }
    }
}

#endif
