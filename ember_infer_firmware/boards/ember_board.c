/* Start-up code, semihosting and timers of the emulated boards. EMBER_TIMER says which timer. */

#include "ember_board.h"

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

extern uint32_t ember_data_image, ember_data_start, ember_data_end, ember_bss_start, ember_bss_end, ember_stack_top;

int main(void);

/* Semihosting */

enum { SYS_OPEN = 0x01, SYS_WRITE0 = 0x04, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };

static int32_t semihosting(int32_t operation, const void *argument) {
#ifdef __riscv
    register int32_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = argument;
    __asm__ volatile(".option push\n.option norvc\n.balign 16\n"
                     "slli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\n.option pop"
                     : "+r"(a0) : "r"(a1) : "memory");
    return a0;
#else
    register int32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#endif
}

void ember_print(const char *text) {
    (void)semihosting(SYS_WRITE0, text);
}

int32_t ember_open(const char *name, int32_t to_write) {
    uint32_t length = 0;
    while (name[length] != 0)
        length++;
    const uintptr_t block[3] = {(uintptr_t)name, to_write ? 5 : 1, length}; /* as fopen's "wb" and "rb" */
    return semihosting(SYS_OPEN, block);
}

int32_t ember_read(int32_t file, void *data, uint32_t size) {
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)data, size};
    return size == 0 ? 0 : semihosting(SYS_READ, block);
}

int32_t ember_write(int32_t file, const void *data, uint32_t size) {
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)data, size};
    return size == 0 ? 0 : semihosting(SYS_WRITE, block);
}

void ember_exit(int32_t status) {
    const uintptr_t block[2] = {0x20026, (uintptr_t)status};
    for (;;)
        (void)semihosting(SYS_EXIT_EXTENDED, block);
}

/* Timers */

#define TIMER_CMSDK 1
#define TIMER_SSE300 2
#define TIMER_NRF51 3
#define TIMER_CYCLES 4

static void start_timer(void) {
#if EMBER_TIMER == TIMER_CMSDK
    REGISTER(0x40000004) = 0xffffffffu; /* counts down from here, */
    REGISTER(0x40000008) = 0xffffffffu; /* and again */
    REGISTER(0x40000000) = 1;
#elif EMBER_TIMER == TIMER_SSE300
    REGISTER(0x58100000) = 1;
#elif EMBER_TIMER == TIMER_NRF51
    REGISTER(0x40008504) = 0; /* a timer, */
    REGISTER(0x40008508) = 3; /* of 32 bits, */
    REGISTER(0x40008510) = 0; /* at 16 MHz */
    REGISTER(0x40008000) = 1;
#endif
}

uint64_t ember_ticks(void) {
#if EMBER_TIMER == TIMER_CMSDK
    return 0xffffffffu - REGISTER(0x40000004);
#elif EMBER_TIMER == TIMER_SSE300
    uint32_t high, low;
    do {
        high = REGISTER(0x58000004);
        low = REGISTER(0x58000000);
    } while (high != REGISTER(0x58000004));
    return (uint64_t)high << 32 | low;
#elif EMBER_TIMER == TIMER_NRF51
    REGISTER(0x40008040) = 1;
    return REGISTER(0x40008540);
#else
    uint32_t high, low, again;
    do {
        __asm__ volatile(".option push\n.option arch, +zicsr\ncsrr %0, mcycleh\ncsrr %1, mcycle\ncsrr %2, mcycleh\n.option pop"
                         : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
#endif
}

/* Stack */

#define PAINT 0xa5a5a5a5u
#define NEAR 8 /* words that the two functions here may use themselves */
#define FAR 16384

#define BELOW ((uint32_t *)__builtin_dwarf_cfa() - NEAR) /* from the stack pointer of the caller */

static inline uint32_t *lowest(uint32_t *from) {
    return from - &ember_bss_end > FAR ? from - FAR : &ember_bss_end;
}

__attribute__((noinline)) void ember_paint_stack(void) {
    volatile uint32_t *word = BELOW;
    for (volatile uint32_t *end = lowest(BELOW); word > end;)
        *--word = PAINT;
}

__attribute__((noinline)) uint32_t ember_stack_used(void) {
    uint32_t *top = BELOW;
    volatile uint32_t *word = lowest(top);
    while (word < top && *word == PAINT)
        word++;
    return (uint32_t)((top - word) + NEAR) * 4;
}

/* Start-up */

__attribute__((noinline)) static void fault(void) {
    ember_print("the processor met a fault\n");
    ember_exit(3);
}

__attribute__((noreturn)) static void begin(void) {
    const uint32_t *from = &ember_data_image;
    for (uint32_t *to = &ember_data_start; to < &ember_data_end;)
        *to++ = *from++;
    for (uint32_t *to = &ember_bss_start; to < &ember_bss_end;)
        *to++ = 0;
    start_timer();
    ember_exit(main());
    for (;;) {
    }
}

#ifdef __riscv

__attribute__((aligned(4), used)) static void trap(void) {
    fault();
}

__attribute__((used)) static void begin_riscv(void) {
    begin();
}

__attribute__((naked, section(".vectors"), used)) void ember_start(void) {
    __asm__ volatile(".option push\n.option norelax\nla sp, ember_stack_top\n.option pop\n"
                     ".option push\n.option arch, +zicsr\nla t0, trap\ncsrw mtvec, t0\n.option pop\n"
                     "j begin_riscv");
}

#else

__attribute__((used)) void ember_start(void) {
#ifdef __ARM_FP
    REGISTER(0xe000ed88) |= 0xfu << 20; /* the floating-point unit, before any function may save its registers */
    __asm__ volatile("dsb\nisb" ::: "memory");
#endif
    begin();
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &ember_stack_top, (void *)ember_start, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
    (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
    (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};

#endif
