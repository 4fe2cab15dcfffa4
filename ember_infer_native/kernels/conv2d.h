/* CONV_2D, and every other sum over all channels: FULLY_CONNECTED, DEPTHWISE_CONV_2D of one channel.

   A filter row over NHWC is a run of contiguous bytes: a convolution is a sum over such runs ("segments"), each cut into
   quads of four bytes, the last one filled up with zero weights. A tile computes `pixels` neighbours in a row for
   `vectors` times LANES channels; its sums stay in registers. Planned by conv2d.py. */

#include "requantize.h"

#define MAX_SUMS 28

struct conv2d {
    int images, rows, columns;         /* of the output */
    int segment_rows, segment_columns; /* segments: rows of the filter, times its columns where they do not touch */
    int quads;                         /* of one segment */
    int input_image, input_row, input_pixel;  /* steps in bytes, from output to output */
    int segment_row, segment_column;          /* steps in bytes, from segment to segment */
    int output_image, output_row, output_pixel;
    int channels, vectors; /* computed here: channels = LANES * vectors, or less in the last vector */
    int way, corrected1, corrected2, zero, low, high;
};

/* One quad of each pixel times one vector of weights after the other, for few pixels: registers hold the quads. */
INLINE void multiply_by_vector(const int pixels, const int vectors, int32_lanes *sums, const uint8_t *x, int pixel,
                               const uint8_t *weights) {
    quad_lanes quads[MAX_SUMS];
    UNROLL for (int i = 0; i < pixels; i++) quads[i] = broadcast_quad(x + (ptrdiff_t)i * pixel);
    UNROLL for (int v = 0; v < vectors; v++) {
        const weight_lanes w = load_weights(weights + v * QUAD_BYTES);
        UNROLL for (int i = 0; i < pixels; i++) sums[i * vectors + v] = dot(sums[i * vectors + v], quads[i], w);
    }
}

/* The same, one pixel after the other: registers hold the weights. */
INLINE void multiply_by_pixel(const int pixels, const int vectors, int32_lanes *sums, const uint8_t *x, int pixel,
                              const uint8_t *weights) {
    weight_lanes w[8];
    UNROLL for (int v = 0; v < vectors; v++) w[v] = load_weights(weights + v * QUAD_BYTES);
    UNROLL for (int i = 0; i < pixels; i++) {
        const quad_lanes quads = broadcast_quad(x + (ptrdiff_t)i * pixel);
        UNROLL for (int v = 0; v < vectors; v++) sums[i * vectors + v] = dot(sums[i * vectors + v], quads, w[v]);
    }
}

/* A tile's sums, `vectors` for each pixel. `split` sets of them take turns where few pixels would leave the multiplier
   waiting for its own results. */
INLINE void conv2d_sums(const int pixels, const int vectors, const int split, const struct conv2d *p,
                        const uint8_t *input, const uint8_t *weights, const struct requantization *r, int first_vector,
                        int32_lanes sums[MAX_SUMS]) {
    UNROLL for (int i = 0; i < pixels; i++)
        UNROLL for (int v = 0; v < vectors; v++) sums[i * vectors + v] = load_bias(r, first_vector + v);
    UNROLL for (int i = pixels * vectors; i < split * pixels * vectors; i++) sums[i] = zero_lanes();
    for (int row = 0; row < p->segment_rows; row++) {
        for (int column = 0; column < p->segment_columns; column++) {
            const uint8_t *x = input + (ptrdiff_t)row * p->segment_row + (ptrdiff_t)column * p->segment_column;
            int quad = 0;
            for (; quad + split <= p->quads; quad += split) {
                UNROLL for (int s = 0; s < split; s++) {
                    const uint8_t *from = x + 4 * (quad + s);
                    int32_lanes *some = sums + s * pixels * vectors;
                    if (pixels < vectors)
                        multiply_by_vector(pixels, vectors, some, from, p->input_pixel, weights);
                    else
                        multiply_by_pixel(pixels, vectors, some, from, p->input_pixel, weights);
                    weights += vectors * QUAD_BYTES;
                }
            }
            for (; quad < p->quads; quad++) {
                UNROLL for (int i = 0; i < pixels; i++) {
                    quad_lanes quads = broadcast_quad(x + (ptrdiff_t)i * p->input_pixel + 4 * quad);
                    UNROLL for (int v = 0; v < vectors; v++) sums[i * vectors + v] =
                        dot(sums[i * vectors + v], quads, load_weights(weights + v * QUAD_BYTES));
                }
                weights += vectors * QUAD_BYTES;
            }
        }
    }
    UNROLL for (int s = 1; s < split; s++)
        UNROLL for (int i = 0; i < pixels * vectors; i++)
            sums[i] = add_lanes(sums[i], sums[s * pixels * vectors + i]);
}

/* Of a tile's sums its results. */
INLINE void conv2d_results(const int pixels, const int vectors, const struct conv2d *p,
                           const int32_lanes sums[MAX_SUMS], uint8_t *output, const struct requantization *r,
                           int first_vector, int channels) {
    const int together = p->output_pixel == vectors * LANES && channels == vectors * LANES;
    UNROLL for (int i = 0; i < pixels * vectors; i += 4) {
        int32_lanes results[4];
        UNROLL for (int k = 0; k < 4; k++) {
            const int at = i + k < pixels * vectors ? i + k : i;
            results[k] = requantize(r, sums[at], first_vector + at % vectors, at % vectors);
        }
        byte_block bytes = pack(r, results);
        if (i + 4 <= pixels * vectors && (together || (vectors % 4 == 0 && (i % vectors + 4) * LANES <= channels))) {
            store_block(output + (ptrdiff_t)(i / vectors) * p->output_pixel + i % vectors * LANES, bytes);
        } else {
            UNROLL for (int k = 0; k < 4; k++) {
                const int pixel = (i + k) / vectors, v = (i + k) % vectors;
                if (i + k < pixels * vectors && v * LANES < channels)
                    store_part(output + (ptrdiff_t)pixel * p->output_pixel + v * LANES, bytes, k, channels - v * LANES);
            }
        }
    }
}

INLINE void conv2d_tile(const int pixels, const int vectors, const int split, const struct conv2d *p,
                        const uint8_t *input, uint8_t *output, const uint8_t *weights, const struct requantization *r,
                        int first_vector, int channels) {
    int32_lanes sums[MAX_SUMS];
    conv2d_sums(pixels, vectors, split, p, input, weights, r, first_vector, sums);
    conv2d_results(pixels, vectors, p, sums, output, r, first_vector, channels);
}

/* Channels [first, first + vectors * LANES), all pixels: whole tiles, then the rest of each row. */
INLINE void conv2d_channels(const int pixels, const int rest, const int vectors, const int split,
                            const struct conv2d *p, const uint8_t *input, uint8_t *output, const uint8_t *weights,
                            const struct requantization *r, int first_vector) {
    const int left = p->channels - first_vector * LANES;
    const int channels = left < vectors * LANES ? left : vectors * LANES;
    output += first_vector * LANES;
    for (int image = 0; image < p->images; image++) {
        for (int row = 0; row < p->rows; row++) {
            const uint8_t *from = input + (ptrdiff_t)image * p->input_image + (ptrdiff_t)row * p->input_row;
            uint8_t *to = output + (ptrdiff_t)image * p->output_image + (ptrdiff_t)row * p->output_row;
            int column = 0;
            for (; column + pixels <= p->columns; column += pixels)
                conv2d_tile(pixels, vectors, split, p, from + (ptrdiff_t)column * p->input_pixel,
                            to + (ptrdiff_t)column * p->output_pixel, weights, r, first_vector, channels);
            if (rest)
                conv2d_tile(rest, vectors, split, p, from + (ptrdiff_t)column * p->input_pixel,
                            to + (ptrdiff_t)column * p->output_pixel, weights, r, first_vector, channels);
        }
    }
}

INLINE void conv2d(const int pixels, const int rest, const int vectors, const int last_vectors, const int split,
                   const struct conv2d *p, const uint8_t *input, uint8_t *output, const uint8_t *constants) {
    const size_t vector_bytes = (size_t)p->segment_rows * p->segment_columns * p->quads * QUAD_BYTES;
    const uint8_t *weights = constants;
    const struct requantization r = REQUANTIZATION(p, p->vectors, constants + vector_bytes * p->vectors);
    int vector = 0;
    for (; vector + vectors <= p->vectors; vector += vectors) {
        conv2d_channels(pixels, rest, vectors, split, p, input, output, weights, &r, vector);
        weights += vector_bytes * vectors;
    }
    if (last_vectors) conv2d_channels(pixels, rest, last_vectors, split, p, input, output, weights, &r, vector);
}
