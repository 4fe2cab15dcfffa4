/* Functions of one element of 8 bits, by a table of what each byte becomes. Planned by lookup.py. */

#ifndef EMBER_LOOKUP_H
#define EMBER_LOOKUP_H

#include "ember_common.h"

struct ember_lookup {
    const uint8_t *table; /* of the bytes from 0 to 255 */
    int32_t count;
};

static inline void ember_lookup(const struct ember_lookup *p, const void *input, void *output) {
    const uint8_t *table = p->table, *from = input;
    uint8_t *to = output;
    for (const uint8_t *end = from + p->count; from != end;)
        *to++ = table[*from++];
}

/* -1, and nothing else, where an element is too low to have a result. */
struct ember_lookup_above {
    const uint8_t *table;
    int32_t count;
    int32_t lowest;
};

static inline int ember_lookup_above(const struct ember_lookup_above *p, const int8_t *input, int8_t *output) {
    const struct ember_lookup lookup = {p->table, p->count};
    for (int32_t i = 0; i < p->count; i++) {
        if (input[i] < p->lowest)
            return -1;
    }
    ember_lookup(&lookup, input, output);
    return 0;
}

#endif
