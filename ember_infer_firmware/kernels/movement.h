/* Elements of any type, moved from one tensor to another. Planned by movement.py. */

#ifndef EMBER_MOVEMENT_H
#define EMBER_MOVEMENT_H

#include "ember_common.h"

struct ember_fill {
    int32_t bytes, value;
};

static inline void ember_fill(const struct ember_fill *p, void *output) {
    memset(output, p->value, (size_t)p->bytes);
}

struct ember_move_run {
    int32_t from, to, bytes; /* from and to: bytes before those that are moved */
};

static inline void ember_move_run(const struct ember_move_run *p, const void *input, void *output) {
    memcpy((uint8_t *)output + p->to, (const uint8_t *)input + p->from, (size_t)p->bytes);
}

struct ember_move {
    const int32_t *axes; /* size, and steps in input and output, of each axis but the innermost, the last one first */
    int32_t axes_count, places;
    int32_t count, from_step, to_step; /* of the innermost axis */
    int32_t run;                       /* bytes that touch on both sides; all steps are in bytes */
    int32_t from, to;                  /* where the first run lies */
};

static inline void ember_move(const struct ember_move *p, const void *input, void *output) {
    const int32_t from_step = p->from_step, to_step = p->to_step, run = p->run;
    for (int32_t place = 0; place < p->places; place++) {
        const uint8_t *x = (const uint8_t *)input + p->from;
        uint8_t *to = (uint8_t *)output + p->to;
        /* A division for each axis is less code than counters, and no more instructions where there is a divider. */
        const int32_t *axis = p->axes;
        uint32_t rest = (uint32_t)place;
        for (int32_t i = p->axes_count; i != 0; i--, axis += 3) {
            const uint32_t size = (uint32_t)axis[0];
            const int32_t index = (int32_t)(rest % size);
            rest /= size;
            x += index * axis[1];
            to += index * axis[2];
        }
        for (int32_t i = p->count; i != 0; i--, x += from_step, to += to_step) {
            if (run == 1)
                *to = *x;
            else if (run == 4)
                ember_copy(to, x, 4);
            else
                memcpy(to, x, (size_t)run);
        }
    }
}

#endif
