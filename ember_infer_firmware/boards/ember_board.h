/* What a program on an emulated board has: a console and files by semihosting, a timer, and a look at its stack. */

#ifndef EMBER_BOARD_H
#define EMBER_BOARD_H

#include <stdint.h>

void ember_print(const char *text);
int32_t ember_open(const char *name, int32_t to_write); /* a file of the emulator's folder; -1 if it cannot be */
int32_t ember_read(int32_t file, void *data, uint32_t size);        /* 0 if all of it came */
int32_t ember_write(int32_t file, const void *data, uint32_t size); /* 0 if all of it went */
void ember_exit(int32_t status);

/* Virtual time, of which every instruction takes the same. */
uint64_t ember_ticks(void);

/* Bytes of stack below the caller that were used since it was painted: at most, and never said to be less than 32. */
void ember_paint_stack(void);
uint32_t ember_stack_used(void);

#endif
