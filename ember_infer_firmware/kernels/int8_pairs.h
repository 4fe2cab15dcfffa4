/* Functions of two int8 elements. Planned by int8_pairs.py. */

#ifndef EMBER_INT8_PAIRS_H
#define EMBER_INT8_PAIRS_H

#include "ember_broadcast.h"
#include "ember_rescaling.h"

/* ADD and SUB as one linear formula, which was compared with TFLM's two rescalings, sum and third rescaling for all 65,536
   pairs before it was written down. The parts may wrap; their sum does not. */
struct ember_linear_pairs {
    int32_t count;
    const int32_t *rows;
    int32_t factor1, factor2, constant, shift;
    int32_t activation_min, activation_max;
};

static inline int8_t ember_linear_pairs_of(const struct ember_linear_pairs *p, int32_t x, int32_t y) {
    const uint32_t sum = (uint32_t)x * (uint32_t)p->factor1 + (uint32_t)y * (uint32_t)p->factor2 + (uint32_t)p->constant;
    return (int8_t)ember_clamp((int32_t)sum >> p->shift, p->activation_min, p->activation_max);
}

EMBER_PAIRS(linear_pairs, ember_linear_pairs, int8_t, int8_t)

/* ADD and SUB where no such formula was found. */
struct ember_rescaled_pairs {
    int32_t count;
    const int32_t *rows;
    int32_t offset1, offset2;
    struct ember_rescaling scaling1;
    struct ember_rescaling scaling2;
    struct ember_rescaling scaling;
    int32_t sign; /* of the second: 1 or -1 */
    int32_t output_offset, activation_min, activation_max;
};

static inline int8_t ember_rescaled_pairs_of(const struct ember_rescaled_pairs *p, int32_t x, int32_t y) {
    const int32_t first = ember_rescale(&p->scaling1, x + p->offset1);
    const int32_t second = ember_rescale(&p->scaling2, y + p->offset2);
    const int32_t value = ember_rescale(&p->scaling, first + p->sign * second) + p->output_offset;
    return (int8_t)ember_clamp(value, p->activation_min, p->activation_max);
}

EMBER_PAIRS(rescaled_pairs, ember_rescaled_pairs, int8_t, int8_t)

/* SQUARED_DIFFERENCE. The squares fill 30 bits. */
struct ember_squared_differences {
    int32_t count;
    const int32_t *rows;
    int32_t offset1, offset2;
    struct ember_rescaling scaling1;
    struct ember_rescaling scaling2;
    int32_t multiplier, shift;
    int32_t output_offset;
};

static inline int8_t ember_squared_differences_of(const struct ember_squared_differences *p, int32_t x, int32_t y) {
    const int32_t difference = ember_rescale(&p->scaling1, x + p->offset1) - ember_rescale(&p->scaling2, y + p->offset2);
    return ember_scaled_int8(difference * difference, p->multiplier, p->shift, p->output_offset, -128, 127);
}

EMBER_PAIRS(squared_differences, ember_squared_differences, int8_t, int8_t)

/* MUL. */
struct ember_products {
    int32_t count;
    const int32_t *rows;
    int32_t offset1, offset2;
    struct ember_rescaling scaling;
    int32_t output_offset, activation_min, activation_max;
};

static inline int8_t ember_products_of(const struct ember_products *p, int32_t x, int32_t y) {
    const int32_t value = ember_rescale(&p->scaling, (x + p->offset1) * (y + p->offset2)) + p->output_offset;
    return (int8_t)ember_clamp(value, p->activation_min, p->activation_max);
}

EMBER_PAIRS(products, ember_products, int8_t, int8_t)

/* MUL and PRELU whose factors are so large that numbers wrap, as they do in TFLM: slowly. */
struct ember_wrapping_products {
    int32_t count;
    const int32_t *rows;
    int32_t offset1, offset2;
    int32_t kept_multiplier, kept_shift; /* PRELU's, of numbers that are not negative; MUL's are as the others */
    int32_t multiplier, shift;
    int32_t is_prelu;
    int32_t output_offset, activation_min, activation_max;
};

static inline int8_t ember_wrapping_products_of(const struct ember_wrapping_products *p, int32_t x, int32_t y) {
    const int32_t value = x + p->offset1, is_kept = p->is_prelu && value >= 0;
    return ember_scaled_int8(is_kept ? value : value * (y + p->offset2), is_kept ? p->kept_multiplier : p->multiplier,
                             is_kept ? p->kept_shift : p->shift, p->output_offset, p->activation_min, p->activation_max);
}

EMBER_PAIRS(wrapping_products, ember_wrapping_products, int8_t, int8_t)

/* PRELU. */
struct ember_prelu {
    int32_t count;
    const int32_t *rows;
    int32_t offset1, offset2;
    struct ember_rescaling kept; /* of what is not negative */
    struct ember_rescaling scaling; /* of the products */
    int32_t output_offset;
};

static inline int8_t ember_prelu_of(const struct ember_prelu *p, int32_t x, int32_t y) {
    const int32_t value = x + p->offset1;
    const int32_t scaled = value >= 0 ? ember_rescale(&p->kept, value) : ember_rescale(&p->scaling, value * (y + p->offset2));
    return (int8_t)ember_clamp(scaled + p->output_offset, -128, 127);
}

EMBER_PAIRS(prelu, ember_prelu, int8_t, int8_t)

/* LESS and EQUAL, at a common scale; the four other comparisons are these of swapped inputs, inverted, or both. */
struct ember_int8_comparison {
    int32_t count;
    const int32_t *rows;
    int32_t offset1, offset2;
    struct ember_rescaling scaling1;
    struct ember_rescaling scaling2;
    int32_t inverted;
};

static inline uint8_t ember_int8_less_of(const struct ember_int8_comparison *p, int32_t x, int32_t y) {
    const int32_t first = ember_rescale(&p->scaling1, x + p->offset1);
    return (uint8_t)((first < ember_rescale(&p->scaling2, y + p->offset2)) ^ p->inverted);
}

EMBER_PAIRS(int8_less, ember_int8_comparison, int8_t, uint8_t)

static inline uint8_t ember_int8_equal_of(const struct ember_int8_comparison *p, int32_t x, int32_t y) {
    const int32_t first = ember_rescale(&p->scaling1, x + p->offset1);
    return (uint8_t)((first == ember_rescale(&p->scaling2, y + p->offset2)) ^ p->inverted);
}

EMBER_PAIRS(int8_equal, ember_int8_comparison, int8_t, uint8_t)

#endif
