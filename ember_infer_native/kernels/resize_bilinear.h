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

/* Compilers leave loops over bytes alone at -O2, so that vectors are written out. */
typedef int32_t wide_values __attribute__((vector_size(4 * LANES)));
typedef uint32_t wide_words __attribute__((vector_size(4 * LANES)));
typedef byte_value narrow_values __attribute__((vector_size(LANES)));

/* LANES elements between two rows, in 1/1024. */
INLINE void blend_rows(const byte_value *up, const byte_value *down, int32_t weight, int32_t *blend) {
    narrow_values high, low;
    memcpy(&high, up, sizeof high);
    memcpy(&low, down, sizeof low);
    const wide_values a = __builtin_convertvector(high, wide_values) - ACTIVATION_BIAS;
    const wide_values b = __builtin_convertvector(low, wide_values) - ACTIVATION_BIAS;
    const wide_values blended = a * (1024 - weight) + b * weight;
    memcpy(blend, &blended, sizeof blended);
}

/* LANES results between two columns: the sum, in 1/2**20, is rounded half away from zero. Unsigned, because the last lanes
   may hold anything. */
INLINE void blend_columns(const int32_t *left, const int32_t *right, int32_t weight, uint8_t *output) {
    wide_words a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    const wide_words sum = a * (uint32_t)(1024 - weight) + b * (uint32_t)weight;
    /* Less 1 where the sum is negative: a half is then rounded down, as it is rounded up elsewhere. */
    const wide_values nudged = (wide_values)(sum + (1u << 19) - (sum >> 31));
    const narrow_values result = __builtin_convertvector((nudged >> 20) + ACTIVATION_BIAS, narrow_values);
    memcpy(output, &result, sizeof result);
}

/* int8. Rows are blended once for all columns: `blended` is memory for one row of the input, and for a vector more. */
INLINE void resize_bilinear(const struct resize_bilinear *p, const uint8_t *input, uint8_t *output, uint8_t *blended,
                            const uint8_t *tables) {
    const struct interpolation rows = interpolation(tables, p->rows);
    const struct interpolation columns = interpolation(tables + (ptrdiff_t)p->rows * 12, p->columns);
    int32_t *blend = (int32_t *)blended;
    uint8_t last[LANES];
    for (int image = 0; image < p->images; image++, input += p->input_image) {
        for (int row = 0; row < p->rows; row++) {
            const byte_value *up = (const byte_value *)input + rows.lower[row];
            const byte_value *down = (const byte_value *)input + rows.upper[row];
            for (int i = 0; i < p->input_row; i += LANES)
                blend_rows(up + i, down + i, rows.fraction[row], blend + i);
            for (int column = 0; column < p->columns; column++) {
                const int32_t *left = blend + columns.lower[column], *right = blend + columns.upper[column];
                const int32_t weight = columns.fraction[column];
                int c = 0;
                for (; c + LANES <= p->channels; c += LANES) blend_columns(left + c, right + c, weight, output + c);
                if (c < p->channels) {
                    blend_columns(left + c, right + c, weight, last);
                    memcpy(output + c, last, (size_t)(p->channels - c));
                }
                output += p->channels;
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
