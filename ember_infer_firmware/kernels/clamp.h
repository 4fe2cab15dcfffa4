/* The clamp of an activation that is narrower than int8, in place. Planned by channels.py. */

#ifndef EMBER_CLAMP_H
#define EMBER_CLAMP_H

#include "ember_common.h"

struct ember_clamp_in_place {
    int32_t count;
    int32_t low, high;
};

static inline void ember_clamp_in_place(const struct ember_clamp_in_place *p, int8_t *output) {
    const int32_t low = p->low, high = p->high;
    for (const int8_t *end = output + p->count; output != end; output++)
        *output = (int8_t)ember_clamp(*output, low, high);
}

#endif
