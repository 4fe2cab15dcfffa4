/* x86-64 with AVX2 and FMA; with AVX-VNNI, too, where the compiler is told so. See docs/native.md for what every target
   provides.

   vpdpbusd multiplies unsigned bytes by signed ones: activations are kept as int8 + 128, weights as they are. Without it
   both are widened to 16 bits for vpmaddwd (vpmaddubsw would saturate): of each quad first the even bytes, then the odd
   ones, as the weights are packed. */

#include <immintrin.h>

#if defined(__clang__) || defined(__SANITIZE_ADDRESS__) /* which does not see into assembly */
#define USE_INTRINSICS
#endif
#define LANES 8
BYTE_TYPES(128)

typedef __m256i int32_lanes;
typedef __m256i quad_lanes;
typedef __m256i byte_block; /* 4 * LANES results */

INLINE int32_lanes load_lanes(const int32_t *from) { return _mm256_loadu_si256((const __m256i *)from); }

INLINE __m256 load_floats(const float *from) { return _mm256_loadu_ps(from); }

INLINE void store_lanes(int32_t *to, int32_lanes from) { _mm256_storeu_si256((__m256i *)to, from); }

INLINE int32_lanes load_values(const uint8_t *from) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
}

INLINE int32_lanes zero_lanes(void) { return _mm256_setzero_si256(); }

INLINE int32_lanes add_lanes(int32_lanes a, int32_lanes b) { return _mm256_add_epi32(a, b); }

INLINE int32_t sum_lanes(int32_lanes a) {
    __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0xB1)));
}

INLINE quad_lanes broadcast_quad(const uint8_t *from) {
#if defined(USE_INTRINSICS)
    int32_t quad;
    memcpy(&quad, from, 4);
    return _mm256_set1_epi32(quad);
#else
    /* gcc would keep quads that the next round reads again in general registers, and those on the stack. */
    quad_lanes quads;
    __asm__("vpbroadcastd %1, %0" : "=x"(quads) : "m"(*(const int32_t *)from));
    return quads;
#endif
}

INLINE quad_lanes load_quads(const uint8_t *from) { return _mm256_loadu_si256((const __m256i *)from); }

#if defined(__AVXVNNI__)

#define QUAD_BYTES 32
typedef __m256i weight_lanes;

INLINE weight_lanes load_weights(const uint8_t *from) { return _mm256_load_si256((const __m256i *)from); }

INLINE int32_lanes dot(int32_lanes sums, quad_lanes x, weight_lanes w) {
#if defined(USE_INTRINSICS)
    return _mm256_dpbusd_avx_epi32(sums, x, w);
#else
    /* gcc spills accumulators around the intrinsic. */
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(x), "xm"(w));
    return sums;
#endif
}

#else

#define QUAD_BYTES 64
typedef const __m256i *weight_lanes; /* operands in memory: 16 registers hold no weights */

INLINE weight_lanes load_weights(const uint8_t *from) { return (const __m256i *)from; }

INLINE int32_lanes dot(int32_lanes sums, quad_lanes x, weight_lanes w) {
    const __m256i even = _mm256_and_si256(x, _mm256_set1_epi16(0xFF)), odd = _mm256_srli_epi16(x, 8);
    const __m256i products = _mm256_add_epi32(_mm256_madd_epi16(even, _mm256_load_si256(w)),
                                              _mm256_madd_epi16(odd, _mm256_load_si256(w + 1)));
#if defined(USE_INTRINSICS)
    return _mm256_add_epi32(sums, products);
#else
    /* gcc copies accumulators from register to register around the intrinsic. */
    __asm__("vpaddd %1, %0, %0" : "+x"(sums) : "x"(products));
    return sums;
#endif
}

#endif

INLINE void unpack_quads(quad_lanes to[4], __m256i r0, __m256i r1, __m256i r2, __m256i r3) {
    __m256i low01 = _mm256_unpacklo_epi8(r0, r1), high01 = _mm256_unpackhi_epi8(r0, r1);
    __m256i low23 = _mm256_unpacklo_epi8(r2, r3), high23 = _mm256_unpackhi_epi8(r2, r3);
    to[0] = _mm256_unpacklo_epi16(low01, low23);
    to[1] = _mm256_unpackhi_epi16(low01, low23);
    to[2] = _mm256_unpacklo_epi16(high01, high23);
    to[3] = _mm256_unpackhi_epi16(high01, high23);
}

/* Quads of four rows, channel by channel, in the order that pack_interleaved undoes. */
INLINE void interleave(quad_lanes to[4], const uint8_t *row0, const uint8_t *row1, const uint8_t *row2,
                       const uint8_t *row3) {
    unpack_quads(to, load_quads(row0), load_quads(row1), load_quads(row2), load_quads(row3));
}

/* The same for a permute of each row, so that each vector has neighbours, in the order that pack_vectors undoes. */
INLINE void interleave_vectors(quad_lanes to[4], const uint8_t *row0, const uint8_t *row1, const uint8_t *row2,
                               const uint8_t *row3) {
    /* Unpacks work within 128 bits. */
    const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    unpack_quads(to, _mm256_permutevar8x32_epi32(load_quads(row0), order),
                 _mm256_permutevar8x32_epi32(load_quads(row1), order),
                 _mm256_permutevar8x32_epi32(load_quads(row2), order),
                 _mm256_permutevar8x32_epi32(load_quads(row3), order));
}

INLINE int32_lanes requantize_straight(int32_lanes sums, const float *scale, const float *offset) {
    return _mm256_cvtps_epi32(_mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), load_floats(scale), load_floats(offset)));
}

INLINE int32_lanes requantize_kinked(int32_lanes sums, const float *scale, const float *jump) {
    const __m256 value = _mm256_cvtepi32_ps(sums);
    const __m256 sign = _mm256_and_ps(value, _mm256_set1_ps(-0.0f));
    return _mm256_cvtps_epi32(_mm256_fmadd_ps(value, load_floats(scale), _mm256_or_ps(sign, load_floats(jump))));
}

INLINE int32_lanes requantize_exact(int32_lanes sums, const int32_t *multiplier, const int32_t *left,
                                    const int32_t *right) {
    const __m256i shifted = _mm256_sllv_epi32(sums, load_lanes(left)), m = load_lanes(multiplier);
    const __m256i r = load_lanes(right), one = _mm256_set1_epi32(1), nudge = _mm256_set1_epi64x(1 << 30);
    /* The product of two int32, doubled, its high half rounded: a multiplier is positive, so that it fits int32. */
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(shifted, m), nudge);
    const __m256i odd =
        _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(shifted, 32), _mm256_srli_epi64(m, 32)), nudge);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_add_epi64(odd, odd), 0xAA);
    /* Half away from zero. */
    const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, r), one);
    const __m256i threshold = _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_srai_epi32(high, 31));
    const __m256i up = _mm256_cmpgt_epi32(_mm256_and_si256(high, mask), threshold);
    return _mm256_sub_epi32(_mm256_srav_epi32(high, r), up);
}

/* Adds the change to those results whose sum is the given one. */
INLINE int32_lanes correct(int32_lanes results, int32_lanes sums, const int32_t *sum, const int32_t *change) {
    const __m256i equal = _mm256_cmpeq_epi32(sums, load_lanes(sum));
    return _mm256_add_epi32(results, _mm256_and_si256(equal, load_lanes(change)));
}

/* Four vectors of results to bytes: result + zero, saturated to int8, biased, clamped to [low, high]. */
INLINE byte_block pack_interleaved(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low,
                                   int high) {
    __m256i ab = _mm256_packs_epi32(a, b), cd = _mm256_packs_epi32(c, d);
    if (zero) {
        const __m256i z = _mm256_set1_epi16((short)zero);
        ab = _mm256_adds_epi16(ab, z);
        cd = _mm256_adds_epi16(cd, z);
    }
    __m256i bytes = _mm256_xor_si256(_mm256_packs_epi16(ab, cd), _mm256_set1_epi8(-128));
    if (low > 0) bytes = _mm256_max_epu8(bytes, _mm256_set1_epi8((char)low));
    if (high < 255) bytes = _mm256_min_epu8(bytes, _mm256_set1_epi8((char)high));
    return bytes;
}

/* The same, with the lanes of a first, then those of b, c and d. */
INLINE byte_block pack_natural(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low, int high) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(pack_interleaved(a, b, c, d, zero, low, high), order);
}

INLINE byte_block pack_vectors(int32_lanes a, int32_lanes b, int32_lanes c, int32_lanes d, int zero, int low, int high) {
    return pack_natural(a, b, c, d, zero, low, high);
}

INLINE void store_block(uint8_t *to, byte_block from) { _mm256_storeu_si256((__m256i *)to, from); }

/* The first `count` of 8 bytes. */
INLINE void store_few(uint8_t *to, __m128i from, int count) {
    uint64_t bytes = (uint64_t)_mm_cvtsi128_si64(from);
    if (count & 8) {
        memcpy(to, &bytes, 8);
        return;
    }
    if (count & 4) {
        memcpy(to, &bytes, 4);
        to += 4;
        bytes >>= 32;
    }
    if (count & 2) {
        memcpy(to, &bytes, 2);
        to += 2;
        bytes >>= 16;
    }
    if (count & 1) *to = (uint8_t)bytes;
}

INLINE void store_block_start(uint8_t *to, byte_block from, int count) {
    __m128i bytes = _mm256_castsi256_si128(from);
    if (count & 16) {
        _mm_storeu_si128((__m128i *)to, bytes);
        to += 16;
        bytes = _mm256_extracti128_si256(from, 1);
    }
    if (count & 8) {
        _mm_storel_epi64((__m128i *)to, bytes);
        to += 8;
        bytes = _mm_srli_si128(bytes, 8);
    }
    store_few(to, bytes, count & 7);
}

/* Bytes [LANES * part, LANES * part + count) of the block. */
INLINE void store_part(uint8_t *to, byte_block from, const int part, int count) {
    __m128i bytes = part < 2 ? _mm256_castsi256_si128(from) : _mm256_extracti128_si256(from, 1);
    if (part & 1) bytes = _mm_srli_si128(bytes, 8);
    store_few(to, bytes, count < LANES ? count : LANES);
}

/* CHUNK sums (a * factor1 + b * factor2 + constant) >> shift of bytes, clamped to [low, high]. */
#define HAS_ADD_BLOCK
INLINE byte_block add_block(const uint8_t *a, const uint8_t *b, int factor1, int factor2, int constant, int shift,
                            int low, int high) {
    /* Products of 16 bits: factor = high * 2**15 + low, pairs of (a, b) at once. */
    const __m256i zero = _mm256_setzero_si256(), start = _mm256_set1_epi32(constant);
    const __m256i low_factors = _mm256_set1_epi32((int)((uint32_t)(factor2 & 0x7FFF) << 16 | (factor1 & 0x7FFF)));
    const __m256i high_factors = _mm256_set1_epi32((int)((uint32_t)(factor2 >> 15) << 16 | (factor1 >> 15 & 0xFFFF)));
    const __m256i x = _mm256_loadu_si256((const __m256i *)a), y = _mm256_loadu_si256((const __m256i *)b);
    const __m256i even = _mm256_unpacklo_epi8(x, y), odd = _mm256_unpackhi_epi8(x, y);
    __m256i sums[4] = {_mm256_unpacklo_epi8(even, zero), _mm256_unpackhi_epi8(even, zero),
                       _mm256_unpacklo_epi8(odd, zero), _mm256_unpackhi_epi8(odd, zero)};
    UNROLL for (int i = 0; i < 4; i++) {
        __m256i high_part = _mm256_slli_epi32(_mm256_madd_epi16(sums[i], high_factors), 15);
        __m256i low_part = _mm256_add_epi32(_mm256_madd_epi16(sums[i], low_factors), start);
        sums[i] = _mm256_srai_epi32(_mm256_add_epi32(high_part, low_part), shift);
    }
    __m256i bytes =
        _mm256_packus_epi16(_mm256_packs_epi32(sums[0], sums[1]), _mm256_packs_epi32(sums[2], sums[3]));
    if (low > 0) bytes = _mm256_max_epu8(bytes, _mm256_set1_epi8((char)low));
    if (high < 255) bytes = _mm256_min_epu8(bytes, _mm256_set1_epi8((char)high));
    return bytes;
}

/* 0.49999997 away from zero and then truncated is half away from zero. What int32 has no room for becomes its least. */
#define HAS_ROUND_QUOTIENTS
INLINE int32_lanes round_quotients(const float *from, float divisor) {
    const __m256 value = _mm256_div_ps(load_floats(from), _mm256_set1_ps(divisor));
    const __m256 sign = _mm256_and_ps(value, _mm256_set1_ps(-0.0f));
    return _mm256_cvttps_epi32(_mm256_add_ps(value, _mm256_or_ps(sign, _mm256_set1_ps(0x1.fffffep-2f))));
}

/* A table of 256 bytes, 32 at a time; how many of `count` are done. pshufb looks up 16 entries by the lower half of a byte,
   and gives 0 where it is negative. From one 16 to the next the bytes become less by 16: a byte has met its own entry and
   those before it, of which each row holds the difference to the row before. The upper 128 begin anew. */
#define HAS_LOOKUP_BLOCKS
INLINE int lookup_blocks(uint8_t *to, const uint8_t *from, int count, const uint8_t *table) {
    const __m256i sixteen = _mm256_set1_epi8(16), half = _mm256_set1_epi8(-128);
    __m256i rows[16];
    UNROLL for (int k = 0; k < 16; k++)
        rows[k] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * k)));
    UNROLL for (int k = 15; k > 0; k--)
        if (k != 8) rows[k] = _mm256_xor_si256(rows[k], rows[k - 1]);
    int i = 0;
    for (; i + 32 <= count; i += 32) {
        __m256i low = _mm256_loadu_si256((const __m256i *)(from + i)), high = _mm256_xor_si256(low, half);
        __m256i results = _mm256_xor_si256(_mm256_shuffle_epi8(rows[0], low), _mm256_shuffle_epi8(rows[8], high));
        UNROLL for (int k = 1; k < 8; k++) {
            low = _mm256_subs_epi8(low, sixteen);
            high = _mm256_subs_epi8(high, sixteen);
            results = _mm256_xor_si256(results, _mm256_shuffle_epi8(rows[k], low));
            results = _mm256_xor_si256(results, _mm256_shuffle_epi8(rows[8 + k], high));
        }
        _mm256_storeu_si256((__m256i *)(to + i), results);
    }
    return i;
}
