/* Golden vectors of @name@, computed by Ember Infer's reference kernels, and what compares them. With
   @upper@_SELFTEST_MAIN defined, a program of its own, which ends with 0 if all is well. */

#include "@name@_selftest.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
@math@

#include "@name@.h"

#define SAMPLES @count@

@vectors@

static uint8_t memory[@upper@_ARENA_LEN + @upper@_ARENA_ALIGNMENT - 1];
@buffers@

static int differing(const void *found, const void *wanted, size_t size) {
    const uint8_t *a = found, *b = wanted;
    int count = 0;
    for (size_t i = 0; i < size; i++)
        count += a[i] != b[i];
    return count;
}

@spoil@int @name@_selftest(void) {
    const uintptr_t mask = @upper@_ARENA_ALIGNMENT - 1;
    void *arena = (void *)(((uintptr_t)memory + mask) & ~mask);
    int count = 0;
@begin@
    for (int i = 0; i < SAMPLES; i++) {
@spoils@        const int status = @name@_run(@arguments@, arena);
        if (status < 0)
            return status;
@compare@
    }
    return count;
}

#ifdef @upper@_SELFTEST_MAIN
int main(void) {
    return @name@_selftest() == 0 ? 0 : 1;
}
#endif
