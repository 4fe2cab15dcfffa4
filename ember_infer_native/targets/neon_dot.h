/* AArch64 with the dot product extension. See docs/native.md for what every target provides.

   sdot multiplies signed bytes by signed ones: activations are kept as int8. Requantisation needs no float32: sqrdmulh and
   srshl are all but TFLM's two roundings. */

#if !defined(__clang__)
/* gcc wants the architecture, which zig would not understand on the command line. */
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif
#include <arm_neon.h>

#define LANES 4
#define QUAD_BYTES 16
#define ONLY_EXACT
BYTE_TYPES(0)

typedef int32x4_t int32_lanes;
typedef int8x16_t quad_lanes;
typedef int8x16_t weight_lanes;
typedef int8x16_t byte_block; /* 4 * LANES results */

INLINE int32_lanes load_lanes(const int32_t *from) { return vld1q_s32(from); }

INLINE void store_lanes(int32_t *to, int32_lanes from) { vst1q_s32(to, from); }

INLINE int32_lanes load_values(const uint8_t *from) {
    int32_t bytes;
    memcpy(&bytes, from, sizeof bytes);
    return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(bytes)))));
}

INLINE int32_lanes zero_lanes(void) { return vdupq_n_s32(0); }

INLINE int32_lanes add_lanes(int32_lanes a, int32_lanes b) { return vaddq_s32(a, b); }

INLINE int32_t sum_lanes(int32_lanes a) { return vaddvq_s32(a); }

INLINE quad_lanes broadcast_quad(const uint8_t *from) {
    int32_t quad;
    memcpy(&quad, from, 4);
    return vreinterpretq_s8_s32(vdupq_n_s32(quad));
}

INLINE quad_lanes load_quads(const uint8_t *from) { return vreinterpretq_s8_u8(vld1q_u8(from)); }

INLINE weight_lanes load_weights(const uint8_t *from) { return vreinterpretq_s8_u8(vld1q_u8(from)); }

INLINE int32_lanes dot(int32_lanes sums, quad_lanes x, weight_lanes w) { return vdotq_s32(sums, x, w); }

/* Quads of four rows, channel by channel. */
INLINE void interleave(quad_lanes to[4], const uint8_t *row0, const uint8_t *row1, const uint8_t *row2,
                       const uint8_t *row3) {
    const uint8x16_t r0 = vld1q_u8(row0), r1 = vld1q_u8(row1), r2 = vld1q_u8(row2), r3 = vld1q_u8(row3);
    const uint16x8_t low01 = vreinterpretq_u16_u8(vzip1q_u8(r0, r1)), high01 = vreinterpretq_u16_u8(vzip2q_u8(r0, r1));
    const uint16x8_t low23 = vreinterpretq_u16_u8(vzip1q_u8(r2, r3)), high23 = vreinterpretq_u16_u8(vzip2q_u8(r2, r3));
    to[0] = vreinterpretq_s8_u16(vzip1q_u16(low01, low23));
    to[1] = vreinterpretq_s8_u16(vzip2q_u16(low01, low23));
    to[2] = vreinterpretq_s8_u16(vzip1q_u16(high01, high23));
    to[3] = vreinterpretq_s8_u16(vzip2q_u16(high01, high23));
}

/* Each vector has neighbours. */
INLINE void interleave_vectors(quad_lanes to[4], const uint8_t *row0, const uint8_t *row1, const uint8_t *row2,
                               const uint8_t *row3) {
    interleave(to, row0, row1, row2, row3);
}

INLINE int32_lanes requantize_exact(int32_lanes sums, const int32_t *multiplier, const int32_t *left,
                                    const int32_t *right) {
    const int32x4_t high = vqrdmulhq_s32(vshlq_s32(sums, vld1q_s32(left)), vld1q_s32(multiplier));
    const int32x4_t shift = vnegq_s32(vld1q_s32(right));
    /* srshl rounds ties up; one less for negative values, where there is a shift, makes them go away from zero. */
    const int32x4_t fixed = vqaddq_s32(high, vshrq_n_s32(vandq_s32(high, shift), 31));
    return vrshlq_s32(fixed, shift);
}

/* Four vectors of results to bytes: result + zero, saturated to int8, clamped to [low, high]. */
INLINE byte_block pack_natural(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low, int high) {
    int16x8_t ab = vqmovn_high_s32(vqmovn_s32(a), b), cd = vqmovn_high_s32(vqmovn_s32(c), d);
    if (zero) {
        const int16x8_t z = vdupq_n_s16((int16_t)zero);
        ab = vqaddq_s16(ab, z);
        cd = vqaddq_s16(cd, z);
    }
    int8x16_t bytes = vqmovn_high_s16(vqmovn_s16(ab), cd);
    if (low > -128) bytes = vmaxq_s8(bytes, vdupq_n_s8((int8_t)low));
    if (high < 127) bytes = vminq_s8(bytes, vdupq_n_s8((int8_t)high));
    return bytes;
}

/* Four lanes: the quads of `interleave` come in natural order. */
INLINE byte_block pack_interleaved(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low,
                                   int high) {
    return pack_natural(a, b, c, d, zero, low, high);
}

INLINE byte_block pack_vectors(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low, int high) {
    return pack_natural(a, b, c, d, zero, low, high);
}

INLINE void store_block(uint8_t *to, byte_block from) { vst1q_u8(to, vreinterpretq_u8_s8(from)); }

/* The first `count` of 4 bytes. */
INLINE void store_few(uint8_t *to, uint32_t bytes, int count) {
    if (count & 4) {
        memcpy(to, &bytes, 4);
        return;
    }
    if (count & 2) {
        memcpy(to, &bytes, 2);
        to += 2;
        bytes >>= 16;
    }
    if (count & 1) *to = (uint8_t)bytes;
}

INLINE void store_block_start(uint8_t *to, byte_block from, int count) {
    uint64x2_t bytes = vreinterpretq_u64_s8(from);
    uint64_t few = vgetq_lane_u64(bytes, 0);
    if (count & 8) {
        memcpy(to, &few, 8);
        to += 8;
        few = vgetq_lane_u64(bytes, 1);
    }
    if (count & 4) {
        memcpy(to, &few, 4);
        to += 4;
        few >>= 32;
    }
    store_few(to, (uint32_t)few, count & 3);
}

/* Bytes [LANES * part, LANES * part + count) of the block. */
INLINE void store_part(uint8_t *to, byte_block from, const int part, int count) {
    const uint32x4_t parts = vreinterpretq_u32_s8(from);
    const uint32_t bytes = part == 0   ? vgetq_lane_u32(parts, 0)
                           : part == 1 ? vgetq_lane_u32(parts, 1)
                           : part == 2 ? vgetq_lane_u32(parts, 2)
                                       : vgetq_lane_u32(parts, 3);
    store_few(to, bytes, count < LANES ? count : LANES);
}

INLINE int32x4_t add_quarter(int16x4_t a, int16x4_t b, int factor1, int factor2, int constant, int shift) {
    int32x4_t sums = vmlaq_n_s32(vdupq_n_s32(constant), vmovl_s16(a), factor1);
    sums = vmlaq_n_s32(sums, vmovl_s16(b), factor2);
    return vshlq_s32(sums, vdupq_n_s32(-shift));
}

/* CHUNK sums (a * factor1 + b * factor2 + constant) >> shift of bytes, clamped to [low, high]. */
#define HAS_ADD_BLOCK
INLINE byte_block add_block(const uint8_t *a, const uint8_t *b, int factor1, int factor2, int constant, int shift,
                            int low, int high) {
    const int8x16_t x = load_quads(a), y = load_quads(b);
    const int16x8_t x1 = vmovl_s8(vget_low_s8(x)), x2 = vmovl_high_s8(x);
    const int16x8_t y1 = vmovl_s8(vget_low_s8(y)), y2 = vmovl_high_s8(y);
    return pack_natural(
        add_quarter(vget_low_s16(x1), vget_low_s16(y1), factor1, factor2, constant, shift),
        add_quarter(vget_high_s16(x1), vget_high_s16(y1), factor1, factor2, constant, shift),
        add_quarter(vget_low_s16(x2), vget_low_s16(y2), factor1, factor2, constant, shift),
        add_quarter(vget_high_s16(x2), vget_high_s16(y2), factor1, factor2, constant, shift), 0, low, high);
}

/* A table of 256 bytes, 16 at a time; how many of `count` are done. Beyond its 64 entries tbl gives 0, and tbx what was
   there before. */
#define HAS_LOOKUP_BLOCKS
INLINE int lookup_blocks(uint8_t *to, const uint8_t *from, int count, const uint8_t *table) {
    uint8x16x4_t rows[4];
    UNROLL for (int k = 0; k < 4; k++)
        UNROLL for (int row = 0; row < 4; row++) rows[k].val[row] = vld1q_u8(table + 64 * k + 16 * row);
    const uint8x16_t next = vdupq_n_u8(64);
    int i = 0;
    for (; i + 16 <= count; i += 16) {
        uint8x16_t bytes = vld1q_u8(from + i), results = vqtbl4q_u8(rows[0], bytes);
        UNROLL for (int k = 1; k < 4; k++) {
            bytes = vsubq_u8(bytes, next);
            results = vqtbx4q_u8(results, rows[k], bytes);
        }
        vst1q_u8(to + i, results);
    }
    return i;
}
