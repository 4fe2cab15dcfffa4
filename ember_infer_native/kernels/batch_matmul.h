/* BATCH_MATMUL, and FULLY_CONNECTED with computed weights: products of two stacks of matrices.

   The right matrix is packed as a convolution's weights are, anew in each run, and then multiplied by the rows of the left
   one as by the pixels of an image. With a and b as memory holds them, offsets included, the sum of
   (a + lhs_offset) * (b + rhs_offset) is that of a * b, plus lhs_offset times the column's sum of b (which packing
   finds), plus rhs_offset times the row's sum of a, plus what is known beforehand. Planned by batch_matmul.py. */

#include "conv2d.h"

#define STACK_AXES 3

/* Where a quad's bytes lie in packed weights: see Target.quads. */
#define QUADS_BYTES 0
#define QUADS_PAIRS 1
#define QUADS_PLANES 2

struct batch_matmul {
    int stack[STACK_AXES], lhs_steps[STACK_AXES], rhs_steps[STACK_AXES]; /* bytes from matrix to matrix */
    int rows, depth, columns;
    int rhs_row, rhs_column; /* bytes from the one to the next */
    int quads, chunks;       /* of the depth */
    int vectors;             /* of the columns */
    int lhs_offset, rhs_offset; /* lhs_offset: to what memory holds; rhs_offset: to the int8 value */
    int way, corrected1, corrected2, zero, low, high;
};

/* Four bytes, one below the other, of LANES columns; zeros beyond the matrix. */
INLINE void pack_quad(const int quads, const struct batch_matmul *p, const uint8_t *from, int depth, int columns,
                      uint8_t *to) {
    for (int lane = 0; lane < LANES; lane++) {
        UNROLL for (int i = 0; i < 4; i++) {
            int value = 0;
            if (i < depth && lane < columns)
                value = (int8_t)(from[(ptrdiff_t)i * p->rhs_row + (ptrdiff_t)lane * p->rhs_column] ^ ACTIVATION_BIAS);
            if (quads == QUADS_BYTES)
                to[4 * lane + i] = (uint8_t)value;
            else if (quads == QUADS_PAIRS)
                ((int16_t *)to)[(i % 2 * LANES + lane) * 2 + i / 2] = (int16_t)value;
            else
                ((int16_t *)to)[(i * (LANES / 2) + lane % (LANES / 2)) * 2 + lane / (LANES / 2)] = (int16_t)value;
        }
    }
}

/* The matrix as weights for tiles of `vectors`, and the bias that each column gives. */
INLINE void pack_rhs(const int vectors, const int quads, const struct batch_matmul *p, const uint8_t *rhs,
                     const int32_t *known, uint8_t *packed, int32_t *bias) {
    static const uint8_t ones[4] = {1, 1, 1, 1};
    for (int first = 0; first < p->vectors; first += vectors) {
        const int together = p->vectors - first < vectors ? p->vectors - first : vectors;
        for (int v = 0; v < together; v++) {
            const int column = (first + v) * LANES;
            uint8_t *to = packed + (ptrdiff_t)v * QUAD_BYTES;
            int32_lanes sums = zero_lanes();
            for (int quad = 0; quad < p->quads; quad++, to += (ptrdiff_t)together * QUAD_BYTES) {
                const uint8_t *from = rhs + (ptrdiff_t)4 * quad * p->rhs_row + (ptrdiff_t)column * p->rhs_column;
                if (4 * quad + 4 <= p->depth && column + LANES <= p->columns)
                    pack_quad(quads, p, from, 4, LANES, to);
                else
                    pack_quad(quads, p, from, p->depth - 4 * quad, p->columns - column, to);
                sums = dot(sums, broadcast_quad(ones), load_weights(to));
            }
            int32_t totals[LANES];
            store_lanes(totals, sums);
            for (int lane = 0; lane < LANES; lane++)
                bias[column + lane] =
                    (int32_t)((uint32_t)known[column + lane] + (uint32_t)p->lhs_offset * (uint32_t)totals[lane]);
        }
        packed += (ptrdiff_t)p->quads * together * QUAD_BYTES;
    }
}

/* What a row adds to all its sums. */
INLINE int32_lanes row_addend(const struct batch_matmul *p, const uint8_t *row, const uint8_t *ones) {
    int32_lanes sums = zero_lanes();
    for (int chunk = 0; chunk < p->chunks; chunk++)
        sums = dot(sums, load_quads(row + (ptrdiff_t)chunk * CHUNK), load_weights(ones + (ptrdiff_t)chunk * QUAD_BYTES));
    const int32_t addend = (int32_t)((uint32_t)p->rhs_offset * (uint32_t)sum_lanes(sums));
    int32_t addends[LANES];
    UNROLL for (int lane = 0; lane < LANES; lane++) addends[lane] = addend;
    return load_lanes(addends);
}

INLINE void batch_matmul_tile(const int rows, const int vectors, const int split, const struct batch_matmul *p,
                              const struct conv2d *c, const uint8_t *lhs, uint8_t *output, const uint8_t *packed,
                              const uint8_t *ones, const struct requantization *r, int first_vector) {
    const int left = p->columns - first_vector * LANES;
    int32_lanes sums[MAX_SUMS];
    conv2d_sums(rows, vectors, split, c, lhs, packed, r, first_vector, sums);
    if (p->rhs_offset) {
        UNROLL for (int i = 0; i < rows; i++) {
            const int32_lanes addend = row_addend(p, lhs + (ptrdiff_t)i * p->depth, ones);
            UNROLL for (int v = 0; v < vectors; v++) sums[i * vectors + v] = add_lanes(sums[i * vectors + v], addend);
        }
    }
    conv2d_results(rows, vectors, c, sums, output + first_vector * LANES, r, first_vector,
                   left < vectors * LANES ? left : vectors * LANES);
}

/* All rows, of the columns of these vectors: whole tiles, then the rest. */
INLINE void batch_matmul_columns(const int rows, const int rest, const int vectors, const int split,
                                 const struct batch_matmul *p, const struct conv2d *c, const uint8_t *lhs,
                                 uint8_t *output, const uint8_t *packed, const uint8_t *ones,
                                 const struct requantization *r, int first_vector) {
    int row = 0;
    for (; row + rows <= p->rows; row += rows)
        batch_matmul_tile(rows, vectors, split, p, c, lhs + (ptrdiff_t)row * p->depth,
                          output + (ptrdiff_t)row * p->columns, packed, ones, r, first_vector);
    if (rest)
        batch_matmul_tile(rest, vectors, split, p, c, lhs + (ptrdiff_t)row * p->depth,
                          output + (ptrdiff_t)row * p->columns, packed, ones, r, first_vector);
}

/* `constants`: weights of 1 for a whole row, then what is known of each column's bias, then how sums become bytes.
   `packed`: memory for one right matrix, and for its biases. */
INLINE void batch_matmul(const int rows, const int rest, const int vectors, const int last_vectors, const int split,
                         const int quads, const struct batch_matmul *p, const uint8_t *lhs, const uint8_t *rhs,
                         uint8_t *output, uint8_t *packed, const uint8_t *constants) {
    const size_t vector_bytes = (size_t)p->quads * QUAD_BYTES;
    const int32_t *known = (const int32_t *)(constants + (size_t)p->chunks * QUAD_BYTES);
    int32_t *bias = (int32_t *)(packed + vector_bytes * p->vectors);
    struct requantization r = REQUANTIZATION(p, p->vectors, (const uint8_t *)known);
    r.bias = bias;
    const struct conv2d c = {.segment_rows = 1, .segment_columns = 1, .quads = p->quads, .input_pixel = p->depth,
                             .output_pixel = p->columns};
    const uint8_t *last = 0;
    for (int i = 0; i < p->stack[0]; i++) {
        for (int j = 0; j < p->stack[1]; j++) {
            for (int k = 0; k < p->stack[2]; k++) {
                const uint8_t *left = lhs + (ptrdiff_t)i * p->lhs_steps[0] + (ptrdiff_t)j * p->lhs_steps[1] +
                                      (ptrdiff_t)k * p->lhs_steps[2];
                const uint8_t *right = rhs + (ptrdiff_t)i * p->rhs_steps[0] + (ptrdiff_t)j * p->rhs_steps[1] +
                                       (ptrdiff_t)k * p->rhs_steps[2];
                if (right != last) pack_rhs(vectors, quads, p, right, known, packed, bias);
                last = right;
                const uint8_t *weights = packed;
                int vector = 0;
                for (; vector + vectors <= p->vectors; vector += vectors) {
                    batch_matmul_columns(rows, rest, vectors, split, p, &c, left, output, weights, constants, &r, vector);
                    weights += vector_bytes * vectors;
                }
                if (last_vectors)
                    batch_matmul_columns(rows, rest, last_vectors, split, p, &c, left, output, weights, constants, &r,
                                         vector);
                output += (ptrdiff_t)p->rows * p->columns;
            }
        }
    }
}

/* float32, in TFLM's order: each product is rounded, then each sum. */

struct float_matmul {
    int stack[STACK_AXES], lhs_steps[STACK_AXES], rhs_steps[STACK_AXES]; /* elements from matrix to matrix */
    int rows, depth, columns;
    int lhs_row, lhs_column, rhs_row, rhs_column; /* elements from the one to the next */
};

INLINE void float_matmul(const struct float_matmul *p, const uint8_t *lhs, const uint8_t *rhs, uint8_t *output) {
    float *to = (float *)output;
    for (int i = 0; i < p->stack[0]; i++) {
        for (int j = 0; j < p->stack[1]; j++) {
            for (int k = 0; k < p->stack[2]; k++) {
                const float *left = (const float *)lhs + (ptrdiff_t)i * p->lhs_steps[0] +
                                    (ptrdiff_t)j * p->lhs_steps[1] + (ptrdiff_t)k * p->lhs_steps[2];
                const float *right = (const float *)rhs + (ptrdiff_t)i * p->rhs_steps[0] +
                                     (ptrdiff_t)j * p->rhs_steps[1] + (ptrdiff_t)k * p->rhs_steps[2];
                for (int row = 0; row < p->rows; row++) {
                    for (int column = 0; column < p->columns; column++) {
                        float total = 0;
                        for (int d = 0; d < p->depth; d++)
                            total += left[(ptrdiff_t)row * p->lhs_row + (ptrdiff_t)d * p->lhs_column] *
                                     right[(ptrdiff_t)d * p->rhs_row + (ptrdiff_t)column * p->rhs_column];
                        *to++ = total;
                    }
                }
            }
        }
    }
}
