/* How sums of products become int8, each channel in its own way. Sums wrap as int32 does; they are unsigned because C
   leaves undefined what becomes of signed ones. */

#ifndef EMBER_CHANNELS_H
#define EMBER_CHANNELS_H

#include "ember_fixed_point.h"

struct ember_channels {
    const int32_t *bias; /* with zeros behind the last ones, which are read as four */
    const int32_t *multiplier;
    const int8_t *shift; /* see ember_store */
    int16_t zero;        /* twice the output's zero point above -128, and one */
    uint16_t count;
};

#define EMBER_ANY_SHIFT 64

/* value * multiplier * 2**-(shift + 31), rounded twice, and half of `zero` rounded down: where the shift is to the
   right, and value, multiplier and shift are known to be such that nothing overflows. Of twice the value the product
   has its result in the upper word. Half is added before the second shift, less for a negative value, since ties go
   away from zero. */
static inline int32_t ember_scaled_right(int32_t value, int32_t multiplier, int32_t shift, int32_t zero) {
    const int64_t product = (int64_t)(value * 2) * multiplier;
    const int32_t high = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
    return (high + (high >> 31) + ((zero << shift) >> 1)) >> shift;
}

/* The same of anything. TFLM adds the zero point to what may be any int32, so that the sum may wrap; 128 more, from where
   ember_saturated begins, may not. Not inlined, so that ember_store keeps its registers. */
static EMBER_NOT_INLINED int32_t ember_scaled_anyhow(int32_t value, int32_t multiplier, int32_t shift, int32_t zero) {
    const uint32_t scaled = (uint32_t)ember_scale_apart(value, multiplier, shift);
    const int32_t result = (int32_t)(scaled + (uint32_t)(zero >> 1) - 128u);
    return (result < 127 ? result : 127) + 128;
}

/* From -128, which `value` is above. From 0 up this is one instruction of an Arm, and its limits need no registers. */
static inline int8_t ember_saturated(int32_t value) {
    return (int8_t)(ember_clamp(value, 0, 255) - 128);
}

/* Of `count` channels, from this one on. A shift above 0 is one of ember_scaled_right; any other one is EMBER_ANY_SHIFT
   below TensorFlow Lite's. Every second one of `sums` is theirs: were they side by side, compilers for processors with
   vectors would make some of so few. */
static EMBER_NOT_INLINED void ember_store(const struct ember_channels *p, int32_t channel, int32_t count,
                                          const uint32_t *sums, int8_t *output) {
    const int32_t *multipliers = p->multiplier + channel;
    const int8_t *shifts = p->shift + channel;
    const int32_t zero = p->zero;
    for (const int8_t *end = output + count; output != end; sums += 2) {
        const int32_t sum = (int32_t)*sums, multiplier = *multipliers++, shift = *shifts++;
        *output++ = ember_saturated(shift > 0 ? ember_scaled_right(sum, multiplier, shift, zero)
                                              : ember_scaled_anyhow(sum, multiplier, shift + EMBER_ANY_SHIFT, zero));
    }
}

#endif
