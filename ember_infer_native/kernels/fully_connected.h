/* FULLY_CONNECTED with few outputs and long rows: the lanes run along the input. Everything else is a convolution.
   Bytes beyond the input meet zero weights. Planned by fully_connected.py. */

#include "requantize.h"

struct fully_connected {
    int rows, depth, chunks, outputs;
    int way, corrected1, corrected2, zero, low, high;
};

INLINE void fully_connected(const int outputs, const struct fully_connected *p, const uint8_t *input, uint8_t *output,
                            const uint8_t *constants) {
    const size_t weight_bytes = (size_t)p->chunks * outputs * QUAD_BYTES;
    const struct requantization r = REQUANTIZATION(p, 1, constants + weight_bytes);
    for (int row = 0; row < p->rows; row++) {
        const uint8_t *x = input + (ptrdiff_t)row * p->depth, *weights = constants;
        int32_lanes sums[LANES];
        UNROLL for (int i = 0; i < outputs; i++) sums[i] = zero_lanes();
        for (int chunk = 0; chunk < p->chunks; chunk++) {
            const quad_lanes quads = load_quads(x + (ptrdiff_t)chunk * CHUNK);
            UNROLL for (int i = 0; i < outputs; i++) {
                sums[i] = dot(sums[i], quads, load_weights(weights));
                weights += QUAD_BYTES;
            }
        }
        int32_t totals[LANES] = {0};
        UNROLL for (int i = 0; i < outputs; i++) totals[i] = sum_lanes(sums[i]);
        const int32_lanes result = requantize(&r, add_lanes(load_lanes(totals), load_bias(&r, 0)), 0, 0);
        const int32_lanes results[4] = {result, result, result, result};
        store_part(output + (ptrdiff_t)row * outputs, pack(&r, results), 0, outputs);
    }
}
