/* RESIZE_NEAREST_NEIGHBOR: pixels that tables of rows and columns name. Planned by resize_nearest_neighbor.py. */

struct resize_nearest_neighbor {
    int images, rows, columns, pixel; /* of the output; bytes of a pixel */
    int input_image;                  /* bytes from the one to the next */
};

/* The tables: for each row of the output, then for each column, the bytes from the beginning of an image, or row, of the
   input. */
INLINE void resize_nearest_neighbor(const struct resize_nearest_neighbor *p, const uint8_t *input, uint8_t *output,
                                    const uint8_t *tables) {
    const int32_t *rows = (const int32_t *)tables, *columns = rows + p->rows;
    const ptrdiff_t width = (ptrdiff_t)p->columns * p->pixel;
    for (int image = 0; image < p->images; image++, input += p->input_image)
        for (int row = 0; row < p->rows; row++, output += width) {
            if (row && rows[row] == rows[row - 1]) {
                memcpy(output, output - width, (size_t)width);
                continue;
            }
            const uint8_t *from = input + rows[row];
            if (p->pixel == 1)
                for (int column = 0; column < p->columns; column++) output[column] = from[columns[column]];
            else
                for (int column = 0; column < p->columns; column++)
                    memcpy(output + (ptrdiff_t)column * p->pixel, from + columns[column], (size_t)p->pixel);
        }
}
