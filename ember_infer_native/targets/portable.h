/* Any processor, plain C. See docs/native.md for what every target provides.

   What a compiler can turn into vectors by itself: loops over arrays of 16-bit operands that lie byte by byte of a quad,
   lane by lane. Activations are kept as int8; a quad of weights is widened where it is packed. Sums wrap, as unsigned
   integers do. */

#define LANES 8
#define QUAD_BYTES (8 * LANES)
#define ONLY_EXACT
BYTE_TYPES(0)

typedef struct {
    int32_t lane[LANES];
} int32_lanes;

typedef struct {
    int16_t byte[4][LANES];
} quad_lanes;

typedef const int16_t *weight_lanes;

typedef struct {
    int8_t byte[4 * LANES];
} byte_block;

INLINE int32_lanes load_lanes(const int32_t *from) {
    int32_lanes to;
    memcpy(&to, from, sizeof to);
    return to;
}

INLINE void store_lanes(int32_t *to, int32_lanes from) { memcpy(to, &from, sizeof from); }

INLINE int32_lanes zero_lanes(void) {
    int32_lanes to;
    memset(&to, 0, sizeof to);
    return to;
}

INLINE int32_t wrapping_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

INLINE int32_lanes add_lanes(int32_lanes a, int32_lanes b) {
    for (int l = 0; l < LANES; l++) a.lane[l] = wrapping_add(a.lane[l], b.lane[l]);
    return a;
}

INLINE int32_t sum_lanes(int32_lanes a) {
    int32_t sum = 0;
    for (int l = 0; l < LANES; l++) sum = wrapping_add(sum, a.lane[l]);
    return sum;
}

INLINE quad_lanes broadcast_quad(const uint8_t *from) {
    quad_lanes to;
    for (int b = 0; b < 4; b++)
        for (int l = 0; l < LANES; l++) to.byte[b][l] = (int8_t)from[b];
    return to;
}

INLINE quad_lanes load_quads(const uint8_t *from) {
    quad_lanes to;
    for (int b = 0; b < 4; b++)
        for (int l = 0; l < LANES; l++) to.byte[b][l] = (int8_t)from[4 * l + b];
    return to;
}

INLINE weight_lanes load_weights(const uint8_t *from) { return (const int16_t *)from; }

INLINE int32_lanes dot(int32_lanes sums, quad_lanes x, weight_lanes w) {
    for (int b = 0; b < 4; b++)
        for (int l = 0; l < LANES; l++)
            sums.lane[l] = wrapping_add(sums.lane[l], (int32_t)x.byte[b][l] * w[b * LANES + l]);
    return sums;
}

/* Quads of four rows, channel by channel. */
INLINE void interleave(quad_lanes to[4], const uint8_t *row0, const uint8_t *row1, const uint8_t *row2,
                       const uint8_t *row3) {
    const uint8_t *const rows[4] = {row0, row1, row2, row3};
    for (int k = 0; k < 4; k++)
        for (int b = 0; b < 4; b++)
            for (int l = 0; l < LANES; l++) to[k].byte[b][l] = (int8_t)rows[b][k * LANES + l];
}

INLINE int32_t requantize_lane(int32_t sum, int32_t multiplier, int32_t left, int32_t right) {
    const int32_t shifted = (int32_t)((uint32_t)sum << left);
    const int32_t high = (int32_t)(((int64_t)shifted * multiplier + (1 << 30)) >> 31);
    /* Half away from zero. */
    const int32_t mask = (int32_t)((1u << right) - 1);
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0));
}

INLINE int32_lanes requantize_exact(int32_lanes sums, const int32_t *multiplier, const int32_t *left,
                                    const int32_t *right) {
    for (int l = 0; l < LANES; l++) sums.lane[l] = requantize_lane(sums.lane[l], multiplier[l], left[l], right[l]);
    return sums;
}

/* Four vectors of results to bytes: result + zero, clamped to [low, high]. */
INLINE byte_block pack_natural(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low, int high) {
    const int32_lanes results[4] = {a, b, c, d};
    byte_block to;
    for (int k = 0; k < 4; k++) {
        for (int l = 0; l < LANES; l++) {
            /* Results may be anything in int32: clamped first, so that the sum cannot overflow. */
            int32_t result = results[k].lane[l];
            result = result < low - zero ? low - zero : result;
            result = result > high - zero ? high - zero : result;
            to.byte[k * LANES + l] = (int8_t)(result + zero);
        }
    }
    return to;
}

/* The quads of `interleave` come in natural order. */
INLINE byte_block pack_interleaved(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low,
                                   int high) {
    return pack_natural(a, b, c, d, zero, low, high);
}

INLINE void store_block(uint8_t *to, byte_block from) { memcpy(to, &from, sizeof from); }

INLINE void store_block_start(uint8_t *to, byte_block from, int count) { memcpy(to, &from, (size_t)count); }

/* Bytes [LANES * part, LANES * part + count) of the block. */
INLINE void store_part(uint8_t *to, byte_block from, const int part, int count) {
    memcpy(to, from.byte + LANES * part, (size_t)(count < LANES ? count : LANES));
}
