/* Places in tensors that are seen along other axes than they lie. */

#ifndef EMBER_WALK_H
#define EMBER_WALK_H

#include "ember_common.h"

/* How far element `number` lies from the first, in order of the axes: pairs of size and step, the last axis first. A
   division for each axis is less code than counters, and no more instructions where there is a divider. */
static EMBER_NOT_INLINED int32_t ember_place(const int32_t *axes, int32_t count, int32_t number) {
    uint32_t rest = (uint32_t)number;
    int32_t place = 0;
    for (; count != 0; count--, axes += 2) {
        const uint32_t size = (uint32_t)axes[0];
        place += (int32_t)(rest % size) * axes[1];
        rest /= size;
    }
    return place;
}

#endif
