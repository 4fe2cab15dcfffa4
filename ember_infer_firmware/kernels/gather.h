/* GATHER and GATHER_ND: rows of the input, named by indices. Planned by gather.py. */

#ifndef EMBER_GATHER_H
#define EMBER_GATHER_H

#include "ember_common.h"

struct ember_gather {
    const int32_t *steps;          /* rows, for each of the indices that name one row together */
    int32_t indices;               /* how many these are */
    int32_t batches, outer, count; /* rows of the output: for each batch and each place before the axis, so many */
    int32_t rows;                  /* to choose from, in each batch and at each place before the axis */
    int32_t row;                   /* bytes */
};

/* 64 bits, for sums of any indices; beyond all rows where they are below 0, too. */
static EMBER_NOT_INLINED uint64_t ember_gather_row(const struct ember_gather *p, const int32_t *index) {
    uint64_t row = 0;
    for (int32_t i = 0; i < p->indices; i++)
        row += (uint64_t)((int64_t)index[i] * p->steps[i]);
    return row;
}

/* Returns -1, and has written nothing, where there is no such row. */
static inline int ember_gather(const struct ember_gather *p, const void *input, const int32_t *indices, void *output) {
    const int32_t *index = indices;
    for (int32_t i = p->batches * p->count; i != 0; i--, index += p->indices) {
        if (ember_gather_row(p, index) >= (uint64_t)p->rows)
            return -1;
    }
    const uint8_t *x = (const uint8_t *)input;
    uint8_t *to = (uint8_t *)output;
    for (int32_t batch = 0; batch < p->batches; batch++, indices = index) {
        for (int32_t outer = 0; outer < p->outer; outer++, x += p->rows * p->row) {
            index = indices;
            for (int32_t i = p->count; i != 0; i--, index += p->indices, to += p->row)
                memcpy(to, x + (int32_t)ember_gather_row(p, index) * p->row, (size_t)p->row);
        }
    }
    return 0;
}

#endif
