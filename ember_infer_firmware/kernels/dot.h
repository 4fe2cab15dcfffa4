/* Sums of products of four channels at once. Sums wrap as int32 does; they are unsigned because C leaves undefined what
   becomes of signed ones. */

#ifndef EMBER_DOT_H
#define EMBER_DOT_H

#include "ember_common.h"

/* Adds the products of inputs and weights, which are of the four channels in turn. */
static inline void ember_dot4(uint32_t *sums, const int8_t *input, const int8_t *weights, int32_t count) {
    uint32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    for (const int8_t *end = input + count; input != end; weights += 4) {
        const int32_t x = *input++;
        a += (uint32_t)(x * weights[0]);
        b += (uint32_t)(x * weights[1]);
        c += (uint32_t)(x * weights[2]);
        d += (uint32_t)(x * weights[3]);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

#endif
