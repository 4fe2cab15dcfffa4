/* GATHER and GATHER_ND: rows of the input, named by indices. Planned by gather.py. */

#define INDEXED_AXES 5

struct gather {
    int batches, outer, count; /* rows of the output: for each batch and each place before the axis, so many */
    int indices;               /* that name one row together */
    int steps[INDEXED_AXES];   /* rows, for each of them */
    int rows;                  /* to choose from, in each batch and at each place before the axis */
    int row;                   /* bytes */
    int error;                 /* what becomes the status where there is no such row */
};

/* Beyond all rows where the indices are below 0, too. */
INLINE uint64_t named_row(const struct gather *p, const int32_t *index) {
    uint64_t row = 0;
    for (int i = 0; i < p->indices; i++) row += (uint64_t)(int64_t)index[i] * (uint64_t)p->steps[i];
    return row;
}

INLINE void check_indices(const struct gather *p, const uint8_t *indices, uint8_t *status) {
    const int32_t *index = (const int32_t *)indices;
    for (int i = 0; i < p->batches * p->count; i++, index += p->indices)
        if (named_row(p, index) >= (uint64_t)p->rows) *(int32_t *)status = p->error;
}

INLINE void gather(const struct gather *p, const uint8_t *input, const uint8_t *indices, uint8_t *output) {
    const int32_t *batch_indices = (const int32_t *)indices;
    for (int batch = 0; batch < p->batches; batch++, batch_indices += p->count * p->indices)
        for (int outer = 0; outer < p->outer; outer++, input += (ptrdiff_t)p->rows * p->row) {
            const int32_t *index = batch_indices;
            for (int i = 0; i < p->count; i++, index += p->indices, output += p->row) {
                const uint64_t row = named_row(p, index);
                if (row < (uint64_t)p->rows) memcpy(output, input + row * (size_t)p->row, (size_t)p->row);
            }
        }
}
