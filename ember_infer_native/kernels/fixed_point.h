/* TFLM's fixed point, one number at a time. Additions and shifts to the left wrap. */

/* gemmlowp SaturatingRoundingDoublingHighMul; of the two least numbers alone the product has no 32 bits. */
INLINE int32_t high_mul(int32_t a, int32_t b) {
    const int64_t rounded = ((int64_t)a * b + (1 << 30)) >> 31;
    return rounded > INT32_MAX ? INT32_MAX : (int32_t)rounded;
}

/* gemmlowp RoundingDivideByPOT: half away from zero. */
INLINE int32_t rounding_shift_right(int32_t a, int bits) {
    const int32_t mask = (int32_t)((1u << bits) - 1);
    return (a >> bits) + ((a & mask) > (mask >> 1) + (a < 0));
}

INLINE int32_t wrapping_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

/* MultiplyByQuantizedMultiplier: x * multiplier * 2**(shift - 31), rounded twice. */
INLINE int32_t multiply_by_quantized_multiplier(int32_t x, int32_t multiplier, int shift) {
    const int left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    return rounding_shift_right(high_mul((int32_t)((uint32_t)x << left), multiplier), right);
}

INLINE int32_t clamped(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }
