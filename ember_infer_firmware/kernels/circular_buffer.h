/* CIRCULAR_BUFFER: the rows move up by one, and the input becomes the last. Planned by circular_buffer.py. */

#ifndef EMBER_CIRCULAR_BUFFER_H
#define EMBER_CIRCULAR_BUFFER_H

#include "ember_common.h"

struct ember_circular_buffer {
    int32_t kept, row; /* bytes of the rows that stay, and of the new one */
    int32_t cycles_max; /* rows for each run that goes on */
};

static inline void ember_circular_buffer(const struct ember_circular_buffer *p, const int8_t *input, int8_t *state,
                                         int32_t *counter) {
    memmove(state, state + p->row, (size_t)p->kept);
    memcpy(state + p->kept, input, (size_t)p->row);
    *counter = *counter >= p->cycles_max - 1 ? 0 : *counter + 1;
}

#endif
