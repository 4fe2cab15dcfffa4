/* What all kernels need. Plain C99: no allocation, no recursion, no variable-length arrays, no standard output. */

#ifndef EMBER_COMMON_H
#define EMBER_COMMON_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if INT_MAX < 2147483647
#error "The kernels are for processors whose int has 32 bits: products of bytes and shifts of constants are computed in it."
#endif

/* EMBER_NOT_INLINED: of functions that are called from several places, one copy in flash.
   ember_copy: of so few bytes that it is a load and a store, without a C library too (-ffreestanding). */
#if defined(__GNUC__) || defined(__clang__)
#define EMBER_NOT_INLINED __attribute__((noinline, unused))
#define ember_copy __builtin_memcpy
#else
#define EMBER_NOT_INLINED inline
#define ember_copy memcpy
#endif

/* Word by word, and beyond the end if `bytes` are no whole words; so that it is no call of the C library's memset. */
static inline void ember_fill_words(int8_t *to, int32_t bytes, int32_t value) {
    const uint32_t word = (uint8_t)value * 0x01010101u;
    for (const int8_t *end = to + bytes; to < end; to += sizeof(word))
        ember_copy(to, &word, sizeof(word));
}

static inline int32_t ember_clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

#endif
