/* What all kernels need. Plain C99: no allocation, no recursion, no variable-length arrays, no standard output. */

#ifndef EMBER_COMMON_H
#define EMBER_COMMON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Of functions that are called from several places: one copy of them in flash. */
#if defined(__GNUC__) || defined(__clang__)
#define EMBER_NOT_INLINED __attribute__((noinline, unused))
#else
#define EMBER_NOT_INLINED inline
#endif

static inline int32_t ember_clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

#endif
