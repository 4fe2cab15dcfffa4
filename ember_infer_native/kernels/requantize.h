/* From sums to bytes. Each group of channels has one way, chosen and proved by requantization.py:
   0 straight: round(sum * scale + offset);
   1 kinked: round(sum * scale + copysign(jump, sum)) + zero;
   2 exact: TFLM's MultiplyByQuantizedMultiplier, plus a zero point, in 32 bits that wrap.
   After the fast ways, results of single sums are corrected in those vectors that need it.

   The constants of all vectors of LANES channels stand one array after the other: bias, then two arrays of float and two
   of int32 for each correction, or four of int32. */

#define STRAIGHT 0
#define KINKED 1
#define EXACT 2

struct requantization {
    int way;
    int corrected[2]; /* bit by bit, which of the vectors that are computed together have a first, a second correction */
    int zero; /* the output's zero point, for the kinked way; 0 where the way contains it */
    int low, high;
    const int32_t *bias;
    const uint8_t *factors;
    ptrdiff_t stride;       /* bytes of one array */
};

/* Of a kernel's struct p, which has the fields way to high; `constants` begin with the bias. */
#define REQUANTIZATION(p, vectors, constants) \
    {(p)->way, {(p)->corrected1, (p)->corrected2}, (p)->zero, (p)->low, (p)->high, (const int32_t *)(constants), \
     (constants) + (ptrdiff_t)(vectors) * LANES * 4, (ptrdiff_t)(vectors) * LANES * 4}

INLINE int32_lanes load_bias(const struct requantization *r, int vector) { return load_lanes(r->bias + vector * LANES); }

/* `vector` of all, which is the one at `position` of those computed together. */
INLINE int32_lanes requantize(const struct requantization *r, int32_lanes sums, int vector, const int position) {
    const uint8_t *factors = r->factors + (ptrdiff_t)vector * LANES * 4;
    const ptrdiff_t stride = r->stride;
#if !defined(ONLY_EXACT)
    if (r->way != EXACT) {
        const float *scale = (const float *)factors, *addend = (const float *)(factors + stride);
        int32_lanes result =
            r->way == STRAIGHT ? requantize_straight(sums, scale, addend) : requantize_kinked(sums, scale, addend);
        UNROLL for (int i = 0; i < 2; i++) {
            const int32_t *sum = (const int32_t *)(factors + (2 + 2 * i) * stride);
            const int32_t *change = (const int32_t *)(factors + (3 + 2 * i) * stride);
            if ((uint32_t)r->corrected[i] >> position & 1) result = correct(result, sums, sum, change);
        }
        return result;
    }
#endif
    const int32_lanes result = requantize_exact(sums, (const int32_t *)factors, (const int32_t *)(factors + stride),
                                                (const int32_t *)(factors + 2 * stride));
    return add_lanes(result, load_lanes((const int32_t *)(factors + 3 * stride)));
}

INLINE byte_block pack(const struct requantization *r, const int32_lanes results[4]) {
    return pack_natural(results[0], results[1], results[2], results[3], r->zero, r->low, r->high);
}
