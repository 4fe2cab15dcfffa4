/* DEPTHWISE_CONV_2D with a filter of three columns and at most four rows, which slides along its rows: each quad of the
   input is made once, where depthwise_conv2d.h makes it for each column of the filter. With three rows and strides of 1,
   the quads of four input rows serve two output rows.

   Two kernels, by the width of a pixel. For a chunk of results in each of two rows either has 24 multiplications, 8 unpacks,
   and for each of 8 vectors three instructions and a share of the packing: those of AVX-512 alone, one after the other and
   independent, take 17 cycles on a Zen 5 (four pipes, of which two multiply), the kernels 22 to 25. Planned by
   depthwise_sliding.py. */

#include "requantize.h"

struct depthwise_sliding {
    int images, rows, columns, channels; /* of the output */
    int paired_rows, filter_rows;        /* paired: those of the output that share quads, two by two */
    int input_image, input_row;          /* steps in bytes, from output to output */
    int filter_row, filter_pixel;        /* steps in bytes, from tap to tap */
    int output_image, output_row;
    int way, corrected1, corrected2, zero, low, high;
};

/* Columns of wide pixels that share each vector of weights: one alone where a vector of quads is many registers. */
#if defined(HAS_WIDE_QUADS)
#define PAIR 1
#else
#define PAIR 2
#endif

/* Rows beyond the filter meet zero weights; they are read from its last row. With two output rows there is a fourth row
   to read. */
INLINE void sliding_rows(const uint8_t *rows[4], const struct depthwise_sliding *p, const uint8_t *x,
                         const int together) {
    const int last = together == 2 ? 3 : p->filter_rows - 1;
    UNROLL for (int i = 0; i < 4; i++) rows[i] = x + (ptrdiff_t)(i < last ? i : last) * p->filter_row;
}

/* The vector of quads that tap `tap` of result vector `n` reads, where a pixel has `vectors`. */
INLINE int tap_vector(const int stride, const int vectors, int n, int tap) {
    return (stride * (n / vectors) + tap) * vectors + n % vectors;
}

/* Pixels of one or two vectors: a row is one run of vectors, in which the next tap is `vectors` further. */
INLINE void sliding_narrow(const int together, const int vectors, const int stride, const struct depthwise_sliding *p,
                           const uint8_t *x, uint8_t *output, const uint8_t *weights, const struct requantization *r) {
    const int kept = (3 - stride) * vectors; /* that the next chunk reads, too */
    const int bytes = p->columns * p->channels;
    const uint8_t *rows[4];
    sliding_rows(rows, p, x, together);
    weight_lanes w[3][2][2];
    UNROLL for (int tap = 0; tap < 3; tap++)
        UNROLL for (int row = 0; row < together; row++)
            UNROLL for (int v = 0; v < vectors; v++)
                w[tap][row][v] = load_weights(weights + ((tap * together + row) * vectors + v) * QUAD_BYTES);
    quad_lanes quads[4 + 8];
    interleave_vectors(quads, rows[0], rows[1], rows[2], rows[3]);
    ptrdiff_t at = kept * LANES;
    for (int done = 0; done < bytes; done += CHUNK) {
        UNROLL for (int s = 0; s < stride; s++, at += CHUNK)
            interleave_vectors(quads + kept + 4 * s, rows[0] + at, rows[1] + at, rows[2] + at, rows[3] + at);
        int32_lanes results[2][4];
        UNROLL for (int n = 0; n < 4; n++) {
            int32_lanes sums[2];
            UNROLL for (int row = 0; row < together; row++) sums[row] = load_bias(r, n % vectors);
            UNROLL for (int tap = 0; tap < 3; tap++)
                UNROLL for (int row = 0; row < together; row++)
                    sums[row] = dot(sums[row], quads[tap_vector(stride, vectors, n, tap)], w[tap][row][n % vectors]);
            UNROLL for (int row = 0; row < together; row++)
                results[row][n] = requantize(r, sums[row], n % vectors, n % vectors);
        }
        UNROLL for (int row = 0; row < together; row++) {
            const int32_lanes *found = results[row];
            uint8_t *to = output + (ptrdiff_t)row * p->output_row + done;
            byte_block block = pack_vectors(found[0], found[1], found[2], found[3], p->zero, p->low, p->high);
            if (bytes % CHUNK == 0 || bytes - done >= CHUNK)
                store_block(to, block);
            else
                store_block_start(to, block, bytes - done);
        }
        UNROLL for (int i = 0; i < kept; i++) quads[i] = quads[4 * stride + i];
    }
}

/* A chunk of channels of `pair` neighbouring columns, which share each vector of weights. */
INLINE void sliding_wide_tile(const int together, const int stride, const int pair, const struct depthwise_sliding *p,
                              quad_lanes quads[5][4], uint8_t *output, const uint8_t *weights,
                              const struct requantization *r, int chunk) {
    int32_lanes results[2][2][4];
    UNROLL for (int k = 0; k < 4; k++) {
        int32_lanes sums[2][2];
        UNROLL for (int row = 0; row < together; row++)
            UNROLL for (int column = 0; column < pair; column++) sums[row][column] = load_bias(r, 4 * chunk + k);
        UNROLL for (int tap = 0; tap < 3; tap++)
            UNROLL for (int row = 0; row < together; row++) {
                const weight_lanes w = load_weights(weights + ((tap * together + row) * 4 + k) * QUAD_BYTES);
                UNROLL for (int column = 0; column < pair; column++)
                    sums[row][column] = dot(sums[row][column], quads[column * stride + tap][k], w);
            }
        UNROLL for (int row = 0; row < together; row++)
            UNROLL for (int column = 0; column < pair; column++)
                results[row][column][k] = requantize(r, sums[row][column], 4 * chunk + k, k);
    }
    UNROLL for (int row = 0; row < together; row++)
        UNROLL for (int column = 0; column < pair; column++) {
            const int32_lanes *found = results[row][column];
            store_block(output + (ptrdiff_t)row * p->output_row + (ptrdiff_t)column * p->channels,
                        pack_interleaved(found[0], found[1], found[2], found[3], p->zero, p->low, p->high));
        }
}

/* A chunk of the channels of pixels that are whole chunks, column by column. */
INLINE void sliding_wide_row(const int together, const int stride, const struct depthwise_sliding *p, const uint8_t *x,
                             uint8_t *output, const uint8_t *weights, const struct requantization *r, int chunk) {
    const int kept = 3 - stride;
    const ptrdiff_t step = p->filter_pixel;
    const uint8_t *rows[4];
    sliding_rows(rows, p, x, together);
    quad_lanes quads[5][4];
    ptrdiff_t at = 0;
    UNROLL for (int i = 0; i < kept; i++, at += step)
        interleave(quads[i], rows[0] + at, rows[1] + at, rows[2] + at, rows[3] + at);
    int column = 0;
    for (; column + PAIR <= p->columns; column += PAIR) {
        UNROLL for (int i = 0; i < PAIR * stride; i++, at += step)
            interleave(quads[kept + i], rows[0] + at, rows[1] + at, rows[2] + at, rows[3] + at);
        sliding_wide_tile(together, stride, PAIR, p, quads, output, weights, r, chunk);
        output += PAIR * (ptrdiff_t)p->channels;
        UNROLL for (int i = 0; i < kept; i++)
            UNROLL for (int k = 0; k < 4; k++) quads[i][k] = quads[PAIR * stride + i][k];
    }
    if (column < p->columns) {
        UNROLL for (int i = 0; i < stride; i++, at += step)
            interleave(quads[kept + i], rows[0] + at, rows[1] + at, rows[2] + at, rows[3] + at);
        sliding_wide_tile(together, stride, 1, p, quads, output, weights, r, chunk);
    }
}

INLINE void sliding_wide(const int together, const int stride, const struct depthwise_sliding *p, const uint8_t *x,
                         uint8_t *output, const uint8_t *weights, const struct requantization *r) {
    for (int chunk = 0; chunk < p->channels / CHUNK; chunk++)
        sliding_wide_row(together, stride, p, x + chunk * CHUNK, output + chunk * CHUNK,
                         weights + (ptrdiff_t)chunk * 3 * together * 4 * QUAD_BYTES, r, chunk);
}

INLINE void sliding_row(const int together, const int vectors, const int stride, const struct depthwise_sliding *p,
                        const uint8_t *x, uint8_t *output, const uint8_t *weights, const struct requantization *r) {
    if (vectors == 4)
        sliding_wide(together, stride, p, x, output, weights, r);
    else
        sliding_narrow(together, vectors, stride, p, x, output, weights, r);
}

/* Pixels of `vectors` vectors, 1 or 2, or of whole chunks: 4. Constants: weights for two rows together if any are, weights
   for one row, requantisation. */
INLINE void depthwise_sliding(const int vectors, const int stride, const struct depthwise_sliding *p,
                              const uint8_t *input, uint8_t *output, const uint8_t *constants) {
    const int all = p->channels / LANES;
    const ptrdiff_t row_weights = (ptrdiff_t)all * 3 * QUAD_BYTES;
    const uint8_t *single = constants + (p->paired_rows ? 2 * row_weights : 0);
    const struct requantization r = REQUANTIZATION(p, all, single + row_weights);
    for (int image = 0; image < p->images; image++) {
        const uint8_t *from = input + (ptrdiff_t)image * p->input_image;
        uint8_t *to = output + (ptrdiff_t)image * p->output_image;
        int row = 0;
        for (; stride == 1 && row < p->paired_rows; row += 2)
            sliding_row(2, vectors, stride, p, from + (ptrdiff_t)row * p->input_row,
                        to + (ptrdiff_t)row * p->output_row, constants, &r);
        for (; row < p->rows; row++)
            sliding_row(1, vectors, stride, p, from + (ptrdiff_t)row * p->input_row,
                        to + (ptrdiff_t)row * p->output_row, single, &r);
    }
}
