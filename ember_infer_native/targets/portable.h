/* Any little-endian processor, in the vectors of GNU C, which gcc and clang turn into whatever the processor has. See
   docs/native.md for what every target provides.

   Activations are kept as int8. Operands are 16-bit vectors, one for each byte of the quads, whose products fit 16 bits;
   seen as 32-bit vectors they are two products each, which shifts take apart: elements 0, 2, 4, 6 are the first four
   lanes. Sums wrap, as unsigned integers do. */

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the portable target is for little-endian processors"
#endif

#define LANES 8
#define QUAD_BYTES 64
#define ONLY_EXACT
BYTE_TYPES(0)

typedef int32_t int32x4 __attribute__((vector_size(16)));
typedef uint32_t uint32x4 __attribute__((vector_size(16)));
typedef int16_t int16x8 __attribute__((vector_size(16)));

typedef struct {
    uint32x4 first, last;
} int32_lanes;

#define HAS_WIDE_QUADS
typedef struct {
    int16x8 byte[4];
} quad_lanes;

typedef const uint8_t *weight_lanes;

typedef struct {
    int8_t byte[4 * LANES];
} byte_block;

INLINE int32_lanes load_lanes(const int32_t *from) {
    int32_lanes to;
    memcpy(&to, from, sizeof to);
    return to;
}

INLINE void store_lanes(int32_t *to, int32_lanes from) { memcpy(to, &from, sizeof from); }

INLINE int32_lanes load_values(const uint8_t *from) {
    int32_t values[LANES];
    for (int l = 0; l < LANES; l++) values[l] = (int8_t)from[l];
    return load_lanes(values);
}

INLINE int32_lanes zero_lanes(void) {
    const uint32x4 zero = {0};
    const int32_lanes to = {zero, zero};
    return to;
}

INLINE int32_lanes add_lanes(int32_lanes a, int32_lanes b) {
    const int32_lanes to = {a.first + b.first, a.last + b.last};
    return to;
}

INLINE int32_t sum_lanes(int32_lanes a) {
    const uint32x4 sums = a.first + a.last;
    return (int32_t)(sums[0] + sums[1] + sums[2] + sums[3]);
}

INLINE int16x8 repeat_value(int value) {
    const int16_t v = (int16_t)value;
    const int16x8 to = {v, v, v, v, v, v, v, v};
    return to;
}

INLINE quad_lanes broadcast_quad(const uint8_t *from) {
    quad_lanes to;
    UNROLL for (int b = 0; b < 4; b++) to.byte[b] = repeat_value((int8_t)from[b]);
    return to;
}

/* The lanes of elements 0 to 7. */
INLINE int element_lane(int element) { return element % 2 * (LANES / 2) + element / 2; }

INLINE quad_lanes load_quads(const uint8_t *from) {
    quad_lanes to;
    UNROLL for (int b = 0; b < 4; b++)
        UNROLL for (int e = 0; e < LANES; e++) to.byte[b][e] = (int8_t)from[4 * element_lane(e) + b];
    return to;
}

INLINE weight_lanes load_weights(const uint8_t *from) { return from; }

INLINE int32_lanes dot(int32_lanes sums, quad_lanes x, weight_lanes w) {
    UNROLL for (int b = 0; b < 4; b++) {
        int16x8 weights;
        memcpy(&weights, w + b * sizeof weights, sizeof weights);
        const uint32x4 products = (uint32x4)(x.byte[b] * weights);
        sums.first += (uint32x4)((int32x4)(products << 16) >> 16);
        sums.last += (uint32x4)((int32x4)products >> 16);
    }
    return sums;
}

/* Eight bytes of a row as 16-bit elements. */
INLINE int16x8 widen_bytes(const uint8_t *from) {
    uint64_t bytes;
    memcpy(&bytes, from, 8);
    const uint16_t pairs[4] = {(uint16_t)bytes, (uint16_t)(bytes >> 16), (uint16_t)(bytes >> 32),
                               (uint16_t)(bytes >> 48)};
    uint32x4 spread = {pairs[0], pairs[1], pairs[2], pairs[3]};
    spread = (spread << 16 & 0xFF000000u) | (spread << 8 & 0xFF00u);
    return (int16x8)spread >> 8;
}

/* Quads of four rows, channel by channel, in the order that pack_interleaved undoes. */
INLINE void interleave(quad_lanes to[4], const uint8_t *row0, const uint8_t *row1, const uint8_t *row2,
                       const uint8_t *row3) {
    UNROLL for (int k = 0; k < 4; k++) {
        to[k].byte[0] = widen_bytes(row0 + k * LANES);
        to[k].byte[1] = widen_bytes(row1 + k * LANES);
        to[k].byte[2] = widen_bytes(row2 + k * LANES);
        to[k].byte[3] = widen_bytes(row3 + k * LANES);
    }
}

/* Each vector has neighbours. */
INLINE void interleave_vectors(quad_lanes to[4], const uint8_t *row0, const uint8_t *row1, const uint8_t *row2,
                               const uint8_t *row3) {
    interleave(to, row0, row1, row2, row3);
}

#if defined(__clang__)
INLINE
#else
/* gcc takes longer over this than over everything else if it is inlined, and makes no vectors of it. */
static __attribute__((noinline))
#endif
void requantize_array(uint32_t *lanes, const int32_t *multiplier, const int32_t *left, const int32_t *right) {
    for (int l = 0; l < LANES; l++) {
        const int32_t shifted = (int32_t)(lanes[l] << left[l]);
        const int32_t high = (int32_t)(((int64_t)shifted * multiplier[l] + (1 << 30)) >> 31);
        /* Half away from zero. */
        const int32_t mask = (int32_t)((1u << right[l]) - 1);
        lanes[l] = (uint32_t)((high >> right[l]) + ((high & mask) > (mask >> 1) + (high < 0)));
    }
}

INLINE int32_lanes requantize_exact(int32_lanes sums, const int32_t *multiplier, const int32_t *left,
                                    const int32_t *right) {
    uint32_t lanes[LANES];
    memcpy(lanes, &sums, sizeof lanes);
    requantize_array(lanes, multiplier, left, right);
    memcpy(&sums, lanes, sizeof sums);
    return sums;
}

INLINE uint32x4 clamp(uint32x4 values, int least, int most) {
    int32x4 v = (int32x4)values;
    const int32x4 low = {least, least, least, least}, high = {most, most, most, most};
    const int32x4 below = v < low, above = v > high;
    v = (low & below) | (v & ~below);
    return (uint32x4)((high & above) | (v & ~above));
}

/* Result + zero, clamped to [low, high]: clamped first, so that the sum cannot overflow. */
INLINE int32_lanes finish(int32_lanes results, int zero, int low, int high) {
    const int32_lanes to = {clamp(results.first, low - zero, high - zero) + (uint32_t)zero,
                            clamp(results.last, low - zero, high - zero) + (uint32_t)zero};
    return to;
}

/* Four vectors of results to bytes: result + zero, clamped to [low, high]. */
INLINE byte_block pack_natural(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low, int high) {
    const int32_lanes results[4] = {finish(a, zero, low, high), finish(b, zero, low, high), finish(c, zero, low, high),
                                    finish(d, zero, low, high)};
    uint32_t lanes[4 * LANES];
    byte_block to;
    memcpy(lanes, results, sizeof lanes);
    for (int i = 0; i < 4 * LANES; i++) to.byte[i] = (int8_t)lanes[i];
    return to;
}

/* The same, for the lanes of `interleave`. */
INLINE byte_block pack_interleaved(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low,
                                   int high) {
    const int32_lanes results[4] = {finish(a, zero, low, high), finish(b, zero, low, high), finish(c, zero, low, high),
                                    finish(d, zero, low, high)};
    uint32x4 pairs[4];
    uint16_t elements[4 * LANES];
    byte_block to;
    UNROLL for (int k = 0; k < 4; k++) pairs[k] = (results[k].first & 0xFFFFu) | results[k].last << 16;
    memcpy(elements, pairs, sizeof elements);
    for (int i = 0; i < 4 * LANES; i++) to.byte[i] = (int8_t)elements[i];
    return to;
}

INLINE byte_block pack_vectors(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low, int high) {
    return pack_interleaved(a, b, c, d, zero, low, high);
}

INLINE void store_block(uint8_t *to, byte_block from) { memcpy(to, &from, sizeof from); }

INLINE void store_block_start(uint8_t *to, byte_block from, int count) { memcpy(to, &from, (size_t)count); }

/* Bytes [LANES * part, LANES * part + count) of the block. */
INLINE void store_part(uint8_t *to, byte_block from, const int part, int count) {
    memcpy(to, from.byte + LANES * part, (size_t)(count < LANES ? count : LANES));
}
