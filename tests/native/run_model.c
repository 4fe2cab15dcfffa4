/* Runs a generated model where there is no Python: under an emulator, or with sanitizers, which see every buffer end
   where it ends.

   From the standard input: the numbers of samples, inputs and arrays, and each array's length, as int64; then the samples,
   each all inputs one after the other. To the standard output: each sample's outputs by ember_run, then by ember_batch. */

#include "model.c"

#define MOST 1000

#if defined(FREESTANDING)
/* Linux on AArch64 without a C library, which no cross compiler has ready. */

static long system_call(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

__attribute__((noreturn)) static void stop(int status) {
    for (;;) system_call(93, status, 0, 0, 0, 0, 0);
}

static long read_some(void *to, size_t length) { return system_call(63, 0, (long)to, (long)length, 0, 0, 0); }

static long write_some(const void *from, size_t length) { return system_call(64, 1, (long)from, (long)length, 0, 0, 0); }

static void *new_memory(size_t length) {
    const long memory = system_call(222, 0, (long)length, 3 /* to read and write */, 0x22 /* private */, -1, 0);
    if (memory < 0) stop(4);
    return (void *)memory;
}

static void end_memory(void *memory) { (void)memory; }

/* What compilers take for granted; volatile keeps them from calling themselves. */
void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    for (volatile size_t i = 0; i < length; i++) ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t length) {
    for (volatile size_t i = 0; i < length; i++) ((uint8_t *)to)[i] = (uint8_t)value;
    return to;
}
#else
#include <stdlib.h>
#include <unistd.h>

static void stop(int status) { exit(status); }

static long read_some(void *to, size_t length) { return read(0, to, length); }

static long write_some(const void *from, size_t length) { return write(1, from, length); }

static void *new_memory(size_t length) {
    void *memory = 0;
    if (posix_memalign(&memory, 64, length ? length : 1)) stop(4);
    return memory;
}

static void end_memory(void *memory) { free(memory); }
#endif

static void read_all(void *to, int64_t length) {
    for (int64_t done = 0; done < length;) {
        const long count = read_some((uint8_t *)to + done, (size_t)(length - done));
        if (count <= 0) stop(2);
        done += count;
    }
}

static void write_all(const void *from, int64_t length) {
    for (int64_t done = 0; done < length;) {
        const long count = write_some((const uint8_t *)from + done, (size_t)(length - done));
        if (count <= 0) stop(3);
        done += count;
    }
}

static uint8_t *new_arena(void) {
    uint8_t *arena = new_memory((size_t)ember_arena_len());
    memset(arena, 0x5A, (size_t)ember_arena_len());
    ember_prepare(arena);
    return arena;
}

static void run_all(void) {
    int64_t counts[3], lengths[MOST];
    uint8_t *one[MOST], *all[MOST];
    read_all(counts, sizeof counts);
    const int64_t samples = counts[0], inputs = counts[1], arrays = counts[2];
    if (arrays > MOST) stop(5);
    read_all(lengths, arrays * 8);
    for (int i = 0; i < arrays; i++) {
        one[i] = new_memory((size_t)lengths[i]);
        all[i] = new_memory((size_t)(lengths[i] * samples));
    }
    for (int64_t sample = 0; sample < samples; sample++)
        for (int i = 0; i < inputs; i++) read_all(all[i] + sample * lengths[i], lengths[i]);

    uint8_t *arena = new_arena();
    for (int64_t sample = 0; sample < samples; sample++) {
        for (int i = 0; i < inputs; i++) memcpy(one[i], all[i] + sample * lengths[i], (size_t)lengths[i]);
        ember_run((const uint8_t *const *)one, one + inputs, arena);
        for (int64_t i = inputs; i < arrays; i++) write_all(one[i], lengths[i]);
    }
    end_memory(arena);

    arena = new_arena();
    uint8_t *moving[MOST];
    memcpy(moving, all, sizeof moving);
    ember_batch((const uint8_t **)moving, lengths, moving + inputs, lengths + inputs, samples, arena);
    for (int64_t sample = 0; sample < samples; sample++)
        for (int64_t i = inputs; i < arrays; i++) write_all(all[i] + sample * lengths[i], lengths[i]);
    end_memory(arena);
    for (int i = 0; i < arrays; i++) {
        end_memory(one[i]);
        end_memory(all[i]);
    }
}

#if defined(FREESTANDING)
__attribute__((noreturn)) void _start(void) {
    run_all();
    stop(0);
}
#else
int main(void) {
    run_all();
    return 0;
}
#endif
