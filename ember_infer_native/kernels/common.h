/* What every kernel needs, before a target's header. */

#include <stddef.h>
#include <stdint.h>

/* Of a C library these two alone, and none of its headers: where zig is the only compiler, there are none. clang's
   intrinsics would include one more, for memory that nobody allocates here. */
void *memcpy(void *, const void *, size_t), *memset(void *, int, size_t);
#define __MM_MALLOC_H

#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
#define CHUNK (4 * LANES)

/* A byte of an activation, as the target keeps it: int8 + ACTIVATION_BIAS. */
#define BYTE_TYPES(BIAS) BYTE_TYPES_##BIAS
#define BYTE_TYPES_128 \
    typedef uint8_t byte_value; \
    enum { ACTIVATION_BIAS = 128, BYTE_MIN = 0 };
#define BYTE_TYPES_0 \
    typedef int8_t byte_value; \
    enum { ACTIVATION_BIAS = 0, BYTE_MIN = -128 };
