/* DEPTHWISE_CONV_2D with one output channel for each input channel.

   A row over NHWC is columns * channels bytes; the column to the right is `channels` bytes further, so that 4 * LANES
   neighbours are computed at once whatever the number of channels: the constants of a chunk repeat after `period`
   chunks. Four rows of the filter are interleaved into quads. With `rows` = 2, three rows and stride 1, the quads of four
   input rows serve two output rows. Planned by depthwise_conv2d.py. */

#include "requantize.h"

struct depthwise_conv2d {
    int images, rows, chunks, row_bytes; /* of the output; chunks = ceil(row_bytes / CHUNK) */
    int filter_rows, filter_columns;
    int period;                      /* chunks after which the channels repeat */
    int input_image, input_row;      /* steps in bytes, from output to output */
    int filter_row, filter_pixel;    /* steps in bytes, from tap to tap */
    int dilation, split, phase;      /* of columns; they may be sorted by their remainder modulo split */
    int column_step, column_chunks;  /* whole chunks in a column, and from column to column in the input; or 0, 0 */
    int output_image, output_row;
    int way, corrected1, corrected2, zero, low, high;
};

INLINE ptrdiff_t tap_at(const struct depthwise_conv2d *p, int column) {
    column *= p->dilation;
    return (ptrdiff_t)(column % p->split) * p->phase + (ptrdiff_t)(column / p->split) * p->filter_pixel;
}

INLINE int row_groups(const struct depthwise_conv2d *p) { return (p->filter_rows + 3) / 4; }

INLINE void depthwise_quads(quad_lanes to[4], const struct depthwise_conv2d *p, const uint8_t *x, int group,
                            const int together) {
    /* Rows beyond the filter meet zero weights; they are read from its last row. With two output rows there is a
       fourth row to read. */
    const int last = together == 2 ? 3 : p->filter_rows - 1;
    const uint8_t *rows[4];
    UNROLL for (int i = 0; i < 4; i++) {
        const int row = 4 * group + i < last ? 4 * group + i : last;
        rows[i] = x + (ptrdiff_t)row * p->filter_row;
    }
    interleave(to, rows[0], rows[1], rows[2], rows[3]);
}

INLINE void depthwise_store(const int together, const struct depthwise_conv2d *p, int32_lanes sums[2][4],
                            uint8_t *output, const struct requantization *r, int phase, int count) {
    UNROLL for (int row = 0; row < together; row++) {
        int32_lanes results[4];
        UNROLL for (int k = 0; k < 4; k++) results[k] = requantize(r, sums[row][k], 4 * phase + k, k);
        byte_block bytes = pack_interleaved(results[0], results[1], results[2], results[3], p->zero, p->low, p->high);
        uint8_t *to = output + (ptrdiff_t)row * p->output_row;
        if (count >= CHUNK)
            store_block(to, bytes);
        else
            store_block_start(to, bytes, count);
    }
}

/* `together` output rows of one chunk. */
INLINE void depthwise_chunk(const int together, const struct depthwise_conv2d *p, const uint8_t *x, uint8_t *output,
                            const uint8_t *weights, const struct requantization *r, int phase, int count) {
    int32_lanes sums[2][4];
    UNROLL for (int row = 0; row < together; row++)
        UNROLL for (int k = 0; k < 4; k++) sums[row][k] = load_bias(r, 4 * phase + k);
    for (int column = 0; column < p->filter_columns; column++) {
        for (int group = 0; group < row_groups(p); group++) {
            quad_lanes quads[4];
            depthwise_quads(quads, p, x + tap_at(p, column), group, together);
            UNROLL for (int row = 0; row < together; row++) {
                UNROLL for (int k = 0; k < 4; k++) {
                    sums[row][k] = dot(sums[row][k], quads[k], load_weights(weights));
                    weights += QUAD_BYTES;
                }
            }
        }
    }
    depthwise_store(together, p, sums, output, r, phase, count);
}

INLINE void depthwise_rows(const int together, const struct depthwise_conv2d *p, const uint8_t *input, uint8_t *output,
                           const uint8_t *weights, const struct requantization *r) {
    const ptrdiff_t phase_bytes = (ptrdiff_t)row_groups(p) * p->filter_columns * together * 4 * QUAD_BYTES;
    int phase = 0;
    for (int chunk = 0; chunk < p->chunks; chunk++) {
        const int column = p->column_chunks ? chunk / p->column_chunks : 0;
        const ptrdiff_t at = p->column_chunks
                                 ? (ptrdiff_t)column * p->column_step + (chunk - column * p->column_chunks) * CHUNK
                                 : (ptrdiff_t)chunk * CHUNK;
        const int left = p->row_bytes - chunk * CHUNK;
        depthwise_chunk(together, p, input + at, output + (ptrdiff_t)chunk * CHUNK, weights + phase * phase_bytes, r,
                        phase, left);
        phase = phase + 1 == p->period ? 0 : phase + 1;
    }
}

/* Constants: weights for two rows together if `together` is 2, weights for one row, requantisation. */
INLINE void depthwise_conv2d(const int together, const struct depthwise_conv2d *p, const uint8_t *input,
                             uint8_t *output, const uint8_t *constants) {
    const ptrdiff_t row_weights = (ptrdiff_t)p->period * row_groups(p) * p->filter_columns * 4 * QUAD_BYTES;
    const uint8_t *single = constants + (together == 2 ? 2 * row_weights : 0);
    const struct requantization r = REQUANTIZATION(p, 4 * p->period, single + row_weights);
    for (int image = 0; image < p->images; image++) {
        const uint8_t *from = input + (ptrdiff_t)image * p->input_image;
        uint8_t *to = output + (ptrdiff_t)image * p->output_image;
        int row = 0;
        for (; row + together <= p->rows; row += together)
            depthwise_rows(together, p, from + (ptrdiff_t)row * p->input_row,
                           to + (ptrdiff_t)row * p->output_row, constants, &r);
        if (together == 2 && row < p->rows)
            depthwise_rows(1, p, from + (ptrdiff_t)row * p->input_row, to + (ptrdiff_t)row * p->output_row,
                           single, &r);
    }
}
