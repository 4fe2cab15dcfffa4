#include <stdint.h>
#include <stdio.h>

#include "@name@.h"

static uint8_t arena[@upper@_ARENA_LEN] __attribute__((aligned(@upper@_ARENA_ALIGNMENT)));
@buffers@
@quantize@

int main(void) {
@reset@
    /* In place of 0, what was measured. */
@fill@
    const int status = @name@_run(@arguments@, arena);
    if (status < @upper@_OK) {
        puts(@upper@_STRERROR(status));
        return 1;
    }
@pending@
@print@
    return 0;
}
