/* x86-64 with AVX-512 (F, BW, DQ, VL) and VNNI. See docs/native.md for what every target provides.

   vpdpbusd multiplies unsigned bytes by signed ones: activations are kept as int8 + 128, weights as they are. */

#include <immintrin.h>

#define LANES 16
#define QUAD_BYTES 64
BYTE_TYPES(128)

typedef __m512i int32_lanes;
typedef __m512i quad_lanes;
typedef __m512i weight_lanes;
typedef __m512i byte_block; /* 4 * LANES results */

INLINE int32_lanes load_lanes(const int32_t *from) { return _mm512_loadu_si512(from); }

INLINE void store_lanes(int32_t *to, int32_lanes from) { _mm512_storeu_si512(to, from); }

INLINE int32_lanes load_values(const uint8_t *from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
}

INLINE int32_lanes zero_lanes(void) { return _mm512_setzero_si512(); }

INLINE int32_lanes add_lanes(int32_lanes a, int32_lanes b) { return _mm512_add_epi32(a, b); }

/* Not by _mm512_reduce_add_epi32, in which gcc adds signed numbers: sums wrap. */
INLINE int32_t sum_lanes(int32_lanes a) {
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
    __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0xB1)));
}

INLINE quad_lanes broadcast_quad(const uint8_t *from) {
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__) /* which does not see into assembly */
    int32_t quad;
    memcpy(&quad, from, 4);
    return _mm512_set1_epi32(quad);
#else
    /* gcc would keep quads that the next round reads again in general registers, and those on the stack. */
    quad_lanes quads;
    __asm__("vpbroadcastd %1, %0" : "=v"(quads) : "m"(*(const int32_t *)from));
    return quads;
#endif
}

INLINE quad_lanes load_quads(const uint8_t *from) { return _mm512_loadu_si512(from); }

INLINE weight_lanes load_weights(const uint8_t *from) { return _mm512_load_si512(from); }

INLINE int32_lanes dot(int32_lanes sums, quad_lanes x, weight_lanes w) {
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__) /* which does not see into assembly */
    return _mm512_dpbusd_epi32(sums, x, w);
#else
    /* gcc spills accumulators around the intrinsic. */
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w));
    return sums;
#endif
}

INLINE void unpack_quads(quad_lanes to[4], __m512i r0, __m512i r1, __m512i r2, __m512i r3) {
    __m512i low01 = _mm512_unpacklo_epi8(r0, r1), high01 = _mm512_unpackhi_epi8(r0, r1);
    __m512i low23 = _mm512_unpacklo_epi8(r2, r3), high23 = _mm512_unpackhi_epi8(r2, r3);
    to[0] = _mm512_unpacklo_epi16(low01, low23);
    to[1] = _mm512_unpackhi_epi16(low01, low23);
    to[2] = _mm512_unpacklo_epi16(high01, high23);
    to[3] = _mm512_unpackhi_epi16(high01, high23);
}

/* Quads of four rows, channel by channel, in the order that pack_interleaved undoes. */
INLINE void interleave(quad_lanes to[4], const uint8_t *row0, const uint8_t *row1, const uint8_t *row2,
                       const uint8_t *row3) {
    unpack_quads(to, load_quads(row0), load_quads(row1), load_quads(row2), load_quads(row3));
}

/* Unpacks work within 128 bits, packs too: what goes in in this order comes out in that of memory. */
INLINE __m512i across_unpacks(__m512i a) {
    return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), a);
}

/* The same for a permute of each row, so that each vector has neighbours, in the order that pack_vectors undoes. */
INLINE void interleave_vectors(quad_lanes to[4], const uint8_t *row0, const uint8_t *row1, const uint8_t *row2,
                               const uint8_t *row3) {
    unpack_quads(to, across_unpacks(load_quads(row0)), across_unpacks(load_quads(row1)),
                 across_unpacks(load_quads(row2)), across_unpacks(load_quads(row3)));
}

INLINE int32_lanes requantize_straight(int32_lanes sums, const float *scale, const float *offset) {
    __m512 value = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(scale), _mm512_loadu_ps(offset));
    return _mm512_cvtps_epi32(value);
}

INLINE int32_lanes requantize_kinked(int32_lanes sums, const float *scale, const float *jump) {
    __m512 value = _mm512_cvtepi32_ps(sums);
    /* (value & sign bit) | jump */
    __m512i signed_jump = _mm512_ternarylogic_epi32(_mm512_castps_si512(value), _mm512_set1_epi32(INT32_MIN),
                                                    _mm512_loadu_si512(jump), 0xEA);
    return _mm512_cvtps_epi32(_mm512_fmadd_ps(value, _mm512_loadu_ps(scale), _mm512_castsi512_ps(signed_jump)));
}

INLINE __m512i requantize_half(__m512i sums, __m512i multiplier, __m512i right, __m512i half) {
    __m512i product = _mm512_add_epi64(_mm512_mul_epi32(sums, multiplier), _mm512_set1_epi64(1 << 30));
    __m512i high = _mm512_srai_epi64(product, 31);
    __m512i rounded = _mm512_add_epi64(_mm512_add_epi64(high, half), _mm512_srai_epi64(high, 63));
    /* Without a shift to the right nothing is rounded again. */
    return _mm512_mask_mov_epi64(_mm512_srav_epi64(rounded, right), _mm512_testn_epi64_mask(right, right), high);
}

INLINE int32_lanes requantize_exact(int32_lanes sums, const int32_t *multiplier, const int32_t *left,
                                    const int32_t *right) {
    __m512i shifted = _mm512_sllv_epi32(sums, _mm512_loadu_si512(left));
    __m512i m = _mm512_loadu_si512(multiplier), r = _mm512_loadu_si512(right);
    __m512i low_half = _mm512_set1_epi64(0xFFFFFFFF), one = _mm512_set1_epi64(1);
    __m512i r_even = _mm512_and_si512(r, low_half), r_odd = _mm512_srli_epi64(r, 32);
    __m512i half_even = _mm512_srli_epi64(_mm512_sllv_epi64(one, r_even), 1);
    __m512i half_odd = _mm512_srli_epi64(_mm512_sllv_epi64(one, r_odd), 1);
    __m512i even = requantize_half(shifted, m, r_even, half_even);
    __m512i odd = requantize_half(_mm512_srli_epi64(shifted, 32), _mm512_srli_epi64(m, 32), r_odd, half_odd);
    return _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
}

/* Adds the change to those results whose sum is the given one. */
INLINE int32_lanes correct(int32_lanes results, int32_lanes sums, const int32_t *sum, const int32_t *change) {
    __mmask16 equal = _mm512_cmpeq_epi32_mask(sums, _mm512_loadu_si512(sum));
    return _mm512_mask_add_epi32(results, equal, results, _mm512_loadu_si512(change));
}

/* Four vectors of results to bytes: result + zero, saturated to int8, biased, clamped to [low, high]. */
INLINE byte_block pack_interleaved(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low,
                                   int high) {
    __m512i ab = _mm512_packs_epi32(a, b), cd = _mm512_packs_epi32(c, d);
    if (zero) {
        __m512i z = _mm512_set1_epi16((short)zero);
        ab = _mm512_adds_epi16(ab, z);
        cd = _mm512_adds_epi16(cd, z);
    }
    __m512i bytes = _mm512_xor_si512(_mm512_packs_epi16(ab, cd), _mm512_set1_epi8(-128));
    if (low > 0) bytes = _mm512_max_epu8(bytes, _mm512_set1_epi8((char)low));
    if (high < 255) bytes = _mm512_min_epu8(bytes, _mm512_set1_epi8((char)high));
    return bytes;
}

/* The same, with the lanes of a first, then those of b, c and d. */
INLINE byte_block pack_natural(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low, int high) {
    return across_unpacks(pack_interleaved(a, b, c, d, zero, low, high));
}

INLINE byte_block pack_vectors(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low, int high) {
    return pack_natural(a, b, c, d, zero, low, high);
}

INLINE void store_block(uint8_t *to, byte_block from) { _mm512_storeu_si512(to, from); }

INLINE void store_block_start(uint8_t *to, byte_block from, int count) {
    _mm512_mask_storeu_epi8(to, _cvtu64_mask64(~0ULL >> (64 - count)), from);
}

/* Bytes [LANES * part, LANES * part + count) of the block. */
INLINE void store_part(uint8_t *to, byte_block from, const int part, int count) {
    __m128i bytes = part == 0   ? _mm512_castsi512_si128(from)
                    : part == 1 ? _mm512_extracti32x4_epi32(from, 1)
                    : part == 2 ? _mm512_extracti32x4_epi32(from, 2)
                                : _mm512_extracti32x4_epi32(from, 3);
    if (count >= LANES)
        _mm_storeu_si128((__m128i *)to, bytes);
    else
        _mm_mask_storeu_epi8(to, _cvtu32_mask16((1u << count) - 1), bytes);
}

INLINE __m512i dot_pairs(__m512i sums, __m512i a, __m512i b) {
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__)
    return _mm512_dpwssd_epi32(sums, a, b);
#else
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b));
    return sums;
#endif
}

/* CHUNK sums (a * factor1 + b * factor2 + constant) >> shift of bytes, clamped to [low, high]. */
#define HAS_ADD_BLOCK
INLINE byte_block add_block(const uint8_t *a, const uint8_t *b, int factor1, int factor2, int constant, int shift,
                            int low, int high) {
    /* Products of 16 bits, pairs of (a, b) at once: factor = upper * 2**8 + lower, of which the upper part meets
       (byte - 128) * 2**8, which are the byte and a flipped bit. It fits 16 bits, as factors do 24. */
    const int upper1 = factor1 >> 8, upper2 = factor2 >> 8;
    const __m512i lower = _mm512_set1_epi32((int)((uint32_t)(factor2 & 0xFF) << 16 | (factor1 & 0xFF)));
    const __m512i upper = _mm512_set1_epi32((int)((uint32_t)upper2 << 16 | (upper1 & 0xFFFF)));
    const uint32_t centre = ((uint32_t)upper1 + (uint32_t)upper2) << 15;
    const __m512i start = _mm512_set1_epi32((int)((uint32_t)constant + centre));
    const __m512i zero = _mm512_setzero_si512(), flip = _mm512_set1_epi8(-128);
    const __m512i x = _mm512_loadu_si512(a), y = _mm512_loadu_si512(b);
    const __m512i pairs[2] = {_mm512_unpacklo_epi8(x, y), _mm512_unpackhi_epi8(x, y)};
    __m512i sums[4];
    UNROLL for (int i = 0; i < 2; i++) {
        const __m512i centred = _mm512_xor_si512(pairs[i], flip);
        sums[2 * i] = dot_pairs(start, _mm512_unpacklo_epi8(pairs[i], zero), lower);
        sums[2 * i] = dot_pairs(sums[2 * i], _mm512_unpacklo_epi8(zero, centred), upper);
        sums[2 * i + 1] = dot_pairs(start, _mm512_unpackhi_epi8(pairs[i], zero), lower);
        sums[2 * i + 1] = dot_pairs(sums[2 * i + 1], _mm512_unpackhi_epi8(zero, centred), upper);
    }
    UNROLL for (int i = 0; i < 4; i++) sums[i] = _mm512_srai_epi32(sums[i], shift);
    __m512i bytes =
        _mm512_packus_epi16(_mm512_packs_epi32(sums[0], sums[1]), _mm512_packs_epi32(sums[2], sums[3]));
    if (low > 0) bytes = _mm512_max_epu8(bytes, _mm512_set1_epi8((char)low));
    if (high < 255) bytes = _mm512_min_epu8(bytes, _mm512_set1_epi8((char)high));
    return bytes;
}

/* 0.49999997 away from zero and then truncated is half away from zero. What int32 has no room for becomes its least. */
#define HAS_ROUND_QUOTIENTS
INLINE int32_lanes round_quotients(const float *from, float divisor) {
    const __m512 value = _mm512_div_ps(_mm512_loadu_ps(from), _mm512_set1_ps(divisor));
    /* (value & sign bit) | nudge */
    const __m512i nudge = _mm512_ternarylogic_epi32(_mm512_castps_si512(value), _mm512_set1_epi32(INT32_MIN),
                                                    _mm512_castps_si512(_mm512_set1_ps(0x1.fffffep-2f)), 0xEA);
    return _mm512_cvttps_epi32(_mm512_add_ps(value, _mm512_castsi512_ps(nudge)));
}

/* Most processors with VNNI have VBMI, too, which looks up 128 bytes at once; the first have not. */
INLINE int has_vbmi(void) {
    static volatile int known; /* 1: no, 2: yes; threads that find out at the same time find the same */
    if (!known) {
        unsigned a = 7, b, c = 0, d;
        __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
        known = 1 + (c >> 1 & 1);
    }
    return known == 2;
}

__attribute__((target("avx512vbmi"), noinline)) static void lookup_vbmi(uint8_t *to, const uint8_t *from, int count,
                                                                        const uint8_t *table) {
    const __m512i table0 = _mm512_loadu_si512(table), table1 = _mm512_loadu_si512(table + 64);
    const __m512i table2 = _mm512_loadu_si512(table + 128), table3 = _mm512_loadu_si512(table + 192);
    for (int i = 0; i < count; i += 64) {
        const __mmask64 some = count - i < 64 ? ~0ull >> (64 - (count - i)) : ~0ull;
        const __m512i bytes = _mm512_maskz_loadu_epi8(some, from + i);
        const __m512i low = _mm512_permutex2var_epi8(table0, bytes, table1);
        const __m512i high = _mm512_permutex2var_epi8(table2, bytes, table3);
        _mm512_mask_storeu_epi8(to + i, some, _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), low, high));
    }
}

/* As in avx2.h, 64 at a time. */
INLINE int lookup_shuffles(uint8_t *to, const uint8_t *from, int count, const uint8_t *table) {
    const __m512i sixteen = _mm512_set1_epi8(16), half = _mm512_set1_epi8(-128);
    __m512i rows[16];
    UNROLL for (int k = 0; k < 16; k++)
        rows[k] = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(table + 16 * k)));
    UNROLL for (int k = 15; k > 0; k--)
        if (k != 8) rows[k] = _mm512_xor_si512(rows[k], rows[k - 1]);
    int i = 0;
    for (; i + 64 <= count; i += 64) {
        __m512i low = _mm512_loadu_si512(from + i), high = _mm512_xor_si512(low, half);
        __m512i results = _mm512_xor_si512(_mm512_shuffle_epi8(rows[0], low), _mm512_shuffle_epi8(rows[8], high));
        UNROLL for (int k = 1; k < 8; k++) {
            low = _mm512_subs_epi8(low, sixteen);
            high = _mm512_subs_epi8(high, sixteen);
            results = _mm512_xor_si512(results, _mm512_shuffle_epi8(rows[k], low));
            results = _mm512_xor_si512(results, _mm512_shuffle_epi8(rows[8 + k], high));
        }
        _mm512_storeu_si512(to + i, results);
    }
    return i;
}

/* A table of 256 bytes; how many of `count` are done. */
#define HAS_LOOKUP_BLOCKS
INLINE int lookup_blocks(uint8_t *to, const uint8_t *from, int count, const uint8_t *table) {
    if (!has_vbmi()) return lookup_shuffles(to, from, count, table);
    lookup_vbmi(to, from, count, table);
    return count;
}
