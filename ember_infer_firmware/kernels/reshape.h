/* RESHAPE: the elements in order. Planned by reshape.py. */

#ifndef EMBER_RESHAPE_H
#define EMBER_RESHAPE_H

#include "ember_common.h"

struct ember_reshape {
    int32_t bytes;
};

static inline void ember_reshape(const struct ember_reshape *p, const void *input, void *output) {
    memcpy(output, input, (size_t)p->bytes);
}

#endif
