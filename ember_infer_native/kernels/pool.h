/* AVERAGE_POOL_2D and MAX_POOL_2D: only taps inside the image count. Planned by pool.py. */

struct pool {
    int images, rows, columns, channels; /* of the output */
    int input_rows, input_columns;
    int filter_rows, filter_columns, stride_rows, stride_columns, pad_rows, pad_columns;
    int input_image, input_row, output_image, output_row;
    int low, high; /* in bytes */
};

#define POOL_CHANNELS 64

INLINE int at_least(int value, int limit) { return value < limit ? limit : value; }

INLINE int at_most(int value, int limit) { return value > limit ? limit : value; }

INLINE void max_pool_pixel(const struct pool *p, const uint8_t *x, int rows, int columns, uint8_t *to, int channels) {
    byte_value most[POOL_CHANNELS];
    for (int c = 0; c < channels; c++) most[c] = BYTE_MIN;
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            const byte_value *from = (const byte_value *)(x + (ptrdiff_t)row * p->input_row + column * p->channels);
            for (int c = 0; c < channels; c++) most[c] = from[c] > most[c] ? from[c] : most[c];
        }
    for (int c = 0; c < channels; c++) to[c] = (uint8_t)at_most(at_least(most[c], p->low), p->high);
}

/* Half away from zero, of the int8 values' sum. */
INLINE void average_pool_pixel(const struct pool *p, const uint8_t *x, int rows, int columns, uint8_t *to,
                               int channels) {
    uint32_t sums[POOL_CHANNELS]; /* of up to 2**24 taps, which biased values may take beyond int32 */
    const int count = rows * columns;
    for (int c = 0; c < channels; c++) sums[c] = 0;
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            const byte_value *from = (const byte_value *)(x + (ptrdiff_t)row * p->input_row + column * p->channels);
            for (int c = 0; c < channels; c++) sums[c] += (uint32_t)from[c];
        }
    for (int c = 0; c < channels; c++) {
        const int sum = (int)(sums[c] - ACTIVATION_BIAS * (uint32_t)count);
        const int average = (sum > 0 ? sum + count / 2 : sum - count / 2) / count + ACTIVATION_BIAS;
        to[c] = (uint8_t)at_most(at_least(average, p->low), p->high);
    }
}

INLINE void pool(const int average, const struct pool *p, const uint8_t *input, uint8_t *output) {
    for (int image = 0; image < p->images; image++)
        for (int row = 0; row < p->rows; row++)
            for (int column = 0; column < p->columns; column++) {
                const int top = row * p->stride_rows - p->pad_rows, left = column * p->stride_columns - p->pad_columns;
                const int first_row = at_least(top, 0), first_column = at_least(left, 0);
                const int rows = at_most(top + p->filter_rows, p->input_rows) - first_row;
                const int columns = at_most(left + p->filter_columns, p->input_columns) - first_column;
                const uint8_t *x = input + (ptrdiff_t)image * p->input_image + (ptrdiff_t)first_row * p->input_row +
                                   (ptrdiff_t)first_column * p->channels;
                uint8_t *to = output + (ptrdiff_t)image * p->output_image + (ptrdiff_t)row * p->output_row +
                              (ptrdiff_t)column * p->channels;
                for (int channel = 0; channel < p->channels; channel += POOL_CHANNELS) {
                    const int channels = at_most(p->channels - channel, POOL_CHANNELS);
                    if (average)
                        average_pool_pixel(p, x + channel, rows, columns, to + channel, channels);
                    else
                        max_pool_pixel(p, x + channel, rows, columns, to + channel, channels);
                }
            }
}
