/* Runs a model on the samples of inputs.bin, and says in outputs.bin what it did with each. */

#include "ember_board.h"
#include "@name@.h"

struct record {
    int32_t status;
    uint32_t stack;
    uint64_t ticks;
};

static uint8_t arena[@upper@_ARENA_LEN] __attribute__((aligned(@upper@_ARENA_ALIGNMENT)));
@buffers@

@spoil@
int main(void);
int main(void) {
    const int32_t inputs = ember_open("inputs.bin", 0), outputs = ember_open("outputs.bin", 1);
    uint32_t count;
    if (inputs < 0 || outputs < 0 || ember_read(inputs, &count, sizeof(count)) != 0)
        return 1;
    (void)arena;
@reset@
    for (; count > 0; count--) {
        struct record record;
        if (@reads@)
            return 1;
@spoils@
        const uint64_t before = ember_ticks();
        const uint64_t start = ember_ticks();
        ember_paint_stack();
        const uint64_t painted = ember_ticks();
        record.status = @name@_run(@arguments@);
        record.ticks = ember_ticks() - painted - (start - before);
        record.stack = ember_stack_used();
        if (ember_write(outputs, &record, sizeof(record)) != 0 || @writes@)
            return 1;
    }
    return @keeps@;
}
