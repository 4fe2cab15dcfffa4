/* RESIZE_BILINEAR: between the four nearest pixels, which tables of rows and columns name. Planned by
   resize_bilinear.py. */

struct resize_bilinear {
    int images, rows, columns, channels; /* of the output */
    int input_image, input_row;          /* elements from the one to the next */
};

/* The tables of an axis, one value for each output element. */
struct interpolation {
    const int32_t *lower, *upper, *fraction; /* elements of the input before the one and the other; where between */
};

INLINE struct interpolation interpolation(const uint8_t *tables, int count) {
    const int32_t *table = (const int32_t *)tables;
    const struct interpolation axis = {table, table + count, table + 2 * (ptrdiff_t)count};
    return axis;
}

/* int8: the sum of four products in 1/2**20, rounded half away from zero. Rows are blended once for all columns: `blended`
   is memory for one row of the input. */
INLINE void resize_bilinear(const struct resize_bilinear *p, const uint8_t *input, uint8_t *output, uint8_t *blended,
                            const uint8_t *tables) {
    const struct interpolation rows = interpolation(tables, p->rows);
    const struct interpolation columns = interpolation(tables + (ptrdiff_t)p->rows * 12, p->columns);
    int32_t *blend = (int32_t *)blended;
    for (int image = 0; image < p->images; image++, input += p->input_image) {
        for (int row = 0; row < p->rows; row++) {
            const byte_value *up = (const byte_value *)input + rows.lower[row];
            const byte_value *down = (const byte_value *)input + rows.upper[row];
            const int32_t weight = rows.fraction[row];
            for (int i = 0; i < p->input_row; i++)
                blend[i] = (up[i] - ACTIVATION_BIAS) * (1024 - weight) + (down[i] - ACTIVATION_BIAS) * weight;
            for (int column = 0; column < p->columns; column++) {
                const int32_t *left = blend + columns.lower[column], *right = blend + columns.upper[column];
                const int32_t share = columns.fraction[column];
                for (int c = 0; c < p->channels; c++) {
                    const int32_t sum = left[c] * (1024 - share) + right[c] * share;
                    *output++ = (uint8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20) + ACTIVATION_BIAS);
                }
            }
        }
    }
}

/* float32, in TFLM's order; the last sum makes 0 of -0. */
INLINE void resize_bilinear_float(const struct resize_bilinear *p, const uint8_t *input, uint8_t *output,
                                  const uint8_t *tables) {
    const struct interpolation rows = interpolation(tables, p->rows);
    const struct interpolation columns = interpolation(tables + (ptrdiff_t)p->rows * 12, p->columns);
    const float *row_weights = (const float *)rows.fraction, *column_weights = (const float *)columns.fraction;
    float *to = (float *)output;
    for (int image = 0; image < p->images; image++) {
        const float *from = (const float *)input + (ptrdiff_t)image * p->input_image;
        for (int row = 0; row < p->rows; row++) {
            const float *up = from + rows.lower[row], *down = from + rows.upper[row];
            const float low = row_weights[row], high = 1 - low;
            for (int column = 0; column < p->columns; column++) {
                const ptrdiff_t left = columns.lower[column], right = columns.upper[column];
                const float far = column_weights[column], near = 1 - far;
                for (int c = 0; c < p->channels; c++)
                    *to++ = up[left + c] * high * near + down[left + c] * low * near + up[right + c] * high * far +
                            down[right + c] * low * far + 0.0f;
            }
        }
    }
}
