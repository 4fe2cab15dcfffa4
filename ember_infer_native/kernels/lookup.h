/* Functions of one byte: a table of all 256, of results of `size` bytes each. Planned by lookup.py. */

struct lookup {
    int rows, columns; /* columns: elements */
    int input_row, output_row; /* bytes */
};

INLINE void lookup(const int size, const struct lookup *p, const uint8_t *input, uint8_t *output,
                   const uint8_t *table) {
    for (int row = 0; row < p->rows; row++) {
        const uint8_t *from = input + (ptrdiff_t)row * p->input_row;
        uint8_t *to = output + (ptrdiff_t)row * p->output_row;
        int i = 0;
#if defined(HAS_LOOKUP_BLOCKS)
        if (size == 1) i = lookup_blocks(to, from, p->columns, table);
#endif
        for (; i < p->columns; i++) {
            if (size == 1)
                to[i] = table[from[i]];
            else if (size == 2)
                ((uint16_t *)to)[i] = ((const uint16_t *)table)[from[i]];
            else
                ((uint32_t *)to)[i] = ((const uint32_t *)table)[from[i]];
        }
    }
}

struct check_lowest {
    int rows, columns, input_row;
    int lowest, error; /* an int8; what becomes the status where the input is lower */
};

INLINE void check_lowest(const struct check_lowest *p, const uint8_t *input, uint8_t *status) {
    for (int row = 0; row < p->rows; row++) {
        const byte_value *from = (const byte_value *)(input + (ptrdiff_t)row * p->input_row);
        for (int i = 0; i < p->columns; i++)
            if (from[i] - ACTIVATION_BIAS < p->lowest) *(int32_t *)status = p->error;
    }
}
