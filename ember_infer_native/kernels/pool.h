/* AVERAGE_POOL_2D and MAX_POOL_2D: only taps inside the image count. Planned by pool.py. */

#include "lanes.h"

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

/* Of fewer taps than this a sum is exact in float32, and its quotient misses the next integer by more than what float32
   rounds by. Where a vector of quads is many registers, making quads takes longer than adding bytes. */
#if defined(HAS_WIDE_QUADS)
#define QUICK_TAPS 0
#else
#define QUICK_TAPS 65536
#endif

/* Half away from zero. */
INLINE int32_lanes average_lanes(int32_lanes sums, int count) {
    const integer_lanes centred = integers(sums) - ACTIVATION_BIAS * count, sign = centred >> 31;
    const integer_lanes dividend = (centred ^ sign) - sign + count / 2;
    const float_lanes quotient = __builtin_convertvector(dividend, float_lanes) / (float)count;
    return target_lanes((__builtin_convertvector(quotient, integer_lanes) ^ sign) - sign);
}

/* The first `channels` of a chunk: quads of four taps, times one. Constants: for one tap to four, a vector of so many ones
   in each lane. */
INLINE void average_pool_chunk(const struct pool *p, const uint8_t *x, int rows, int columns, uint8_t *to, int channels,
                               const uint8_t *ones) {
    const int count = rows * columns;
    int32_lanes sums[4] = {zero_lanes(), zero_lanes(), zero_lanes(), zero_lanes()};
    int left = columns;
    for (int tap = 0; tap < count; tap += 4) {
        const int taps = at_most(count - tap, 4);
        const uint8_t *from[4];
        UNROLL for (int i = 0; i < 4; i++) {
            from[i] = x; /* taps beyond the last are read there, and meet zeros */
            if (tap + i + 1 >= count) continue;
            x += p->channels;
            if (--left) continue;
            left = columns;
            x += p->input_row - (ptrdiff_t)columns * p->channels;
        }
        quad_lanes quads[4];
        interleave(quads, from[0], from[1], from[2], from[3]);
        const weight_lanes one = load_weights(ones + (taps - 1) * QUAD_BYTES);
        UNROLL for (int k = 0; k < 4; k++) sums[k] = dot(sums[k], quads[k], one);
    }
    int32_lanes averages[4];
    UNROLL for (int k = 0; k < 4; k++) averages[k] = average_lanes(sums[k], count);
    byte_block bytes = pack_interleaved(averages[0], averages[1], averages[2], averages[3], 0, p->low, p->high);
    if (channels >= CHUNK)
        store_block(to, bytes);
    else
        store_block_start(to, bytes, channels);
}

/* Of one pixel of the output: what its window has inside the image. */
struct pool_window {
    const uint8_t *first;
    int rows, columns;
    uint8_t *to;
};

INLINE struct pool_window pool_window(const struct pool *p, const uint8_t *input, uint8_t *output, int image, int row,
                                      int column) {
    const int top = row * p->stride_rows - p->pad_rows, left = column * p->stride_columns - p->pad_columns;
    const int first_row = at_least(top, 0), first_column = at_least(left, 0);
    const struct pool_window window = {
        input + (ptrdiff_t)image * p->input_image + (ptrdiff_t)first_row * p->input_row + (ptrdiff_t)first_column * p->channels,
        at_most(top + p->filter_rows, p->input_rows) - first_row,
        at_most(left + p->filter_columns, p->input_columns) - first_column,
        output + (ptrdiff_t)image * p->output_image + (ptrdiff_t)row * p->output_row + (ptrdiff_t)column * p->channels,
    };
    return window;
}

#define FOR_EACH_WINDOW(p)                                  \
    for (int image = 0; image < (p)->images; image++)       \
        for (int row = 0; row < (p)->rows; row++)           \
            for (int column = 0; column < (p)->columns; column++)

INLINE void max_pool(const struct pool *p, const uint8_t *input, uint8_t *output) {
    FOR_EACH_WINDOW(p) {
        const struct pool_window window = pool_window(p, input, output, image, row, column);
        for (int channel = 0; channel < p->channels; channel += POOL_CHANNELS)
            max_pool_pixel(p, window.first + channel, window.rows, window.columns, window.to + channel,
                           at_most(p->channels - channel, POOL_CHANNELS));
    }
}

INLINE void average_pool(const struct pool *p, const uint8_t *input, uint8_t *output, const uint8_t *ones) {
    const int quick = (int64_t)p->filter_rows * p->filter_columns < QUICK_TAPS, step = quick ? CHUNK : POOL_CHANNELS;
    FOR_EACH_WINDOW(p) {
        const struct pool_window window = pool_window(p, input, output, image, row, column);
        for (int channel = 0; channel < p->channels; channel += step) {
            const uint8_t *x = window.first + channel;
            const int channels = at_most(p->channels - channel, step);
            if (quick)
                average_pool_chunk(p, x, window.rows, window.columns, window.to + channel, channels, ones);
            else
                average_pool_pixel(p, x, window.rows, window.columns, window.to + channel, channels);
        }
    }
}
