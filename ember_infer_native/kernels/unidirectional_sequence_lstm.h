/* UNIDIRECTIONAL_SEQUENCE_LSTM in two steps: the input's part of all gates for all time steps, then the recurrence.

   The channels are those of all gates, one gate after the other: input, forget, cell, output. Sums of int8 data are
   taken as a convolution's, a row of the input for a pixel, and scaled to Q3.12 in 32 bits. Whatever is done between
   sums is done for LANES units at a time, garbage beyond the last unit included, of which nothing is stored. Planned by
   unidirectional_sequence_lstm.py. */

#include "conv2d.h"
#include "lanes.h"

#define LOGISTIC_FRACTION 9 /* bits below the index into the table of a function */
#define TANH_FRACTION 8
#define TABLE_ENTRIES 256

/* Of one operand: rows times weights. */
struct lstm_sums {
    int rows, depth, row; /* of the operand: how many, their elements, bytes from one to the next */
    int parts, quads;     /* of the weights of int8 data: arrays that add up to them, quads of a row */
    int channels, vectors;
};

struct lstm {
    int batch, steps, units;
    int batch_step, time_step;               /* channels of the input's part from row to row, and from step to step */
    int output_batch_step, output_time_step; /* bytes of the output, likewise */
    int depth, row, parts, quads, channels, vectors; /* of the hidden state, as in struct lstm_sums */
    int linear;                                      /* the cell gate stays as it is */
    int cell_min, cell_max;
    int tanh_multiplier, tanh_shift; /* of the cell */
    int hidden_zero;
};

INLINE integer_lanes repeated(int value) { return (integer_lanes){0} + value; }

INLINE integer_lanes chosen(integer_lanes condition, integer_lanes yes, integer_lanes no) {
    return (yes & condition) | (no & ~condition);
}

INLINE integer_lanes lanes_between(integer_lanes x, int low, int high) {
    x = chosen(x < low, repeated(low), x);
    return chosen(x > high, repeated(high), x);
}

INLINE integer_lanes saturated_16_bits(integer_lanes x) { return lanes_between(x, -32768, 32767); }

/* Sums of one tile of int8 data, scaled and saturated to int16. */
INLINE void lstm_tile(const int pixels, const int vectors, const int split, const struct conv2d *c,
                     const struct requantization *r, int first_vector, const uint8_t *row, const uint8_t *weights,
                     int32_t *to) {
    int32_lanes sums[MAX_SUMS];
    conv2d_sums(pixels, vectors, split, c, row, weights, r, first_vector, sums);
    UNROLL for (int i = 0; i < pixels; i++) {
        UNROLL for (int v = 0; v < vectors; v++) {
            const int32_lanes scaled = requantize(r, sums[i * vectors + v], first_vector + v, v);
            store_lanes(to + ((ptrdiff_t)i * c->vectors + first_vector + v) * LANES,
                        target_lanes(saturated_16_bits(integers(scaled))));
        }
    }
}

/* All rows of int8 data. `constants`: weights, then bias and factors. */
INLINE void lstm_rows_8(const int pixels, const int rest, const int vectors, const int last_vectors, const int split,
                        const struct lstm_sums *p, const uint8_t *rows, int32_t *to, const uint8_t *constants) {
    const struct conv2d c = {.segment_rows = p->parts, .segment_columns = 1, .quads = p->quads, .input_pixel = p->row,
                             .vectors = p->vectors};
    const size_t vector_bytes = (size_t)p->parts * p->quads * QUAD_BYTES;
    const ptrdiff_t array = (ptrdiff_t)p->vectors * LANES * 4;
    const uint8_t *bias = constants + vector_bytes * p->vectors;
    const struct requantization r = {.way = EXACT, .bias = (const int32_t *)bias, .factors = bias + array,
                                     .stride = array};
    for (int row = 0; row < p->rows; row += pixels) {
        const uint8_t *from = rows + (ptrdiff_t)row * p->row, *weights = constants;
        int32_t *sums = to + (ptrdiff_t)row * p->vectors * LANES;
        const int whole = row + pixels <= p->rows;
        int vector = 0;
        for (; vector + vectors <= p->vectors; vector += vectors, weights += vector_bytes * vectors) {
            if (whole)
                lstm_tile(pixels, vectors, split, &c, &r, vector, from, weights, sums);
            else if (rest)
                lstm_tile(rest, vectors, split, &c, &r, vector, from, weights, sums);
        }
        if (last_vectors) {
            if (whole)
                lstm_tile(pixels, last_vectors, split, &c, &r, vector, from, weights, sums);
            else if (rest)
                lstm_tile(rest, last_vectors, split, &c, &r, vector, from, weights, sums);
        }
    }
}

/* The same of int16 data, with sums and products of 64 bits. `constants`: bias, then weights of 16 bits, then
   multipliers of 16 bits and shifts to the right. */
INLINE void lstm_rows_16(const struct lstm_sums *p, const uint8_t *rows, int32_t *to, const uint8_t *constants) {
    const int64_t *bias = (const int64_t *)constants;
    const int16_t *weights = (const int16_t *)(bias + p->channels);
    const ptrdiff_t count = (ptrdiff_t)p->channels * p->depth;
    const int32_t *multiplier = (const int32_t *)(weights + count + count % 2);
    const int32_t *right = multiplier + p->channels;
    for (int row = 0; row < p->rows; row++) {
        const int16_t *x = (const int16_t *)(rows + (ptrdiff_t)row * p->row);
        for (int c = 0; c < p->channels; c++) {
            const int16_t *w = weights + (ptrdiff_t)c * p->depth;
            int64_t sum = bias[c];
            for (int d = 0; d < p->depth; d++) sum += (int32_t)x[d] * w[d];
            const int32_t scaled = (int32_t)((sum * multiplier[c] + ((int64_t)1 << (right[c] - 1))) >> right[c]);
            to[(ptrdiff_t)row * p->vectors * LANES + c] = scaled < -32768 ? -32768 : scaled > 32767 ? 32767 : scaled;
        }
    }
}

/* `bits` of the data. */
INLINE void lstm_sums(const int bits, const int pixels, const int rest, const int vectors, const int last_vectors,
                      const int split, const struct lstm_sums *p, const uint8_t *rows, uint8_t *sums,
                      const uint8_t *constants) {
    if (bits == 8)
        lstm_rows_8(pixels, rest, vectors, last_vectors, split, p, rows, (int32_t *)sums, constants);
    else
        lstm_rows_16(p, rows, (int32_t *)sums, constants);
}

/* Of magnitudes, between the entries of a function's table: value in the low half of each, step to the next in the
   high half. */
INLINE integer_lanes interpolated(integer_lanes magnitudes, const int fraction, const uint32_t *table) {
    const integer_lanes index = magnitudes >> fraction;
    integer_lanes entries = chosen(index > TABLE_ENTRIES - 1, repeated(TABLE_ENTRIES - 1), index);
    int32_t found[LANES];
    memcpy(found, &entries, sizeof found);
    for (int lane = 0; lane < LANES; lane++) found[lane] = (int32_t)table[found[lane]];
    memcpy(&entries, found, sizeof entries);
    const integer_lanes value = entries & 0xFFFF, step = entries >> 16;
    return (value << fraction) + (magnitudes & ((1 << fraction) - 1)) * step;
}

INLINE integer_lanes magnitude(integer_lanes x) { return chosen(x < 0, -x, x); }

/* TFLM's Logistic and Tanh of int16, of values with 24 for 1: see int16_functions.py. */
INLINE integer_lanes logistic_lanes(integer_lanes x, const uint32_t *table) {
    const integer_lanes result = interpolated(magnitude(x), LOGISTIC_FRACTION, table);
    return chosen(x < 0, (1 << 25) - result + (1 << 9) - 1, result + (1 << 9)) >> 10;
}

INLINE integer_lanes tanh_lanes(integer_lanes x, const uint32_t *table) {
    const integer_lanes result = interpolated(magnitude(x), TANH_FRACTION, table);
    return chosen(x < 0, (1 << 23) - result + (1 << 7) - 1, result - (1 << 23) + (1 << 7)) >> 8;
}

/* A product of gates, by a multiplier that stands, with its shifts, LANES times in `factors`. */
INLINE integer_lanes scaled_lanes(integer_lanes x, const int32_t *factors) {
    return integers(requantize_exact(target_lanes(x), factors, factors + LANES, factors + 2 * LANES));
}

/* Of LANES units the gate from its two sums, which wrap: beyond the last channel they are anything. */
INLINE integer_lanes gate_sum(const int32_t *one, const int32_t *other, int channel) {
    return saturated_16_bits(integers(add_lanes(load_lanes(one + channel), load_lanes(other + channel))));
}

/* The states of LANES units after a time step, at `cell` and, in 32 bits, at `hidden`. */
INLINE void lstm_units(const struct lstm *p, const int32_t *of_input, const int32_t *of_hidden, int unit, int16_t *cell,
                       int32_t *hidden, const uint8_t *constants) {
    const uint32_t *logistic_table = (const uint32_t *)constants, *tanh_table = logistic_table + TABLE_ENTRIES;
    const int32_t *factors = (const int32_t *)(tanh_table + TABLE_ENTRIES);
    const integer_lanes input = logistic_lanes(3 * gate_sum(of_input, of_hidden, unit), logistic_table);
    const integer_lanes forget = logistic_lanes(3 * gate_sum(of_input, of_hidden, p->units + unit), logistic_table);
    const integer_lanes sum = gate_sum(of_input, of_hidden, 2 * p->units + unit);
    const integer_lanes added = p->linear ? sum : tanh_lanes(3 * sum, tanh_table);
    const integer_lanes output = logistic_lanes(3 * gate_sum(of_input, of_hidden, 3 * p->units + unit), logistic_table);
    int32_t before[LANES];
    integer_lanes now;
    for (int lane = 0; lane < LANES; lane++) before[lane] = cell[lane];
    memcpy(&now, before, sizeof now);
    now = saturated_16_bits(scaled_lanes(forget * now, factors)) +
          saturated_16_bits(scaled_lanes(input * added, factors + 3 * LANES));
    now = lanes_between(now, p->cell_min, p->cell_max);
    const integer_lanes x = (now * p->tanh_multiplier + (1 << p->tanh_shift >> 1)) >> p->tanh_shift;
    const integer_lanes result = scaled_lanes(tanh_lanes(x, tanh_table) * output, factors + 6 * LANES) + p->hidden_zero;
    const int count = p->units - unit < LANES ? p->units - unit : LANES;
    memcpy(before, &now, sizeof before);
    for (int lane = 0; lane < count; lane++) cell[lane] = (int16_t)before[lane];
    store_lanes(hidden, target_lanes(result));
}

/* `hidden` of a row as the data's type, to the state and to the output. */
INLINE void store_hidden(const int bits, int units, const int32_t *hidden, uint8_t *state, uint8_t *output) {
    const int low = bits == 8 ? -128 : -32768, high = bits == 8 ? 127 : 32767;
    for (int unit = 0; unit < units; unit++) {
        const int32_t value = hidden[unit] < low ? low : hidden[unit] > high ? high : hidden[unit];
        if (bits == 8)
            state[unit] = output[unit] = (uint8_t)(value + ACTIVATION_BIAS);
        else
            ((int16_t *)state)[unit] = ((int16_t *)output)[unit] = (int16_t)value;
    }
}

/* `inputs`: the input's part of the gates. `memory`: for a row its hidden part, then its new hidden state. `constants`:
   tables and factors; `weights` as in lstm_sums. */
INLINE void lstm(const int bits, const int vectors, const int last_vectors, const int split, const struct lstm *p,
                 const uint8_t *inputs, uint8_t *hidden_state, uint8_t *cell_state, uint8_t *output, uint8_t *memory,
                 const uint8_t *weights, const uint8_t *constants) {
    const struct lstm_sums sums = {1, p->depth, p->row, p->parts, p->quads, p->channels, p->vectors};
    int32_t *of_hidden = (int32_t *)memory, *hidden = of_hidden + (ptrdiff_t)p->vectors * LANES + LANES;
    for (int time = 0; time < p->steps; time++) {
        for (int batch = 0; batch < p->batch; batch++) {
            const int32_t *of_input = (const int32_t *)inputs + (ptrdiff_t)time * p->time_step +
                                      (ptrdiff_t)batch * p->batch_step;
            uint8_t *state = hidden_state + (ptrdiff_t)batch * p->row;
            int16_t *cell = (int16_t *)cell_state + (ptrdiff_t)batch * p->units;
            uint8_t *to = output + (ptrdiff_t)time * p->output_time_step + (ptrdiff_t)batch * p->output_batch_step;
            lstm_sums(bits, 1, 0, vectors, last_vectors, split, &sums, state, memory, weights);
            for (int unit = 0; unit < p->units; unit += LANES)
                lstm_units(p, of_input, of_hidden, unit, cell + unit, hidden + unit, constants);
            store_hidden(bits, p->units, hidden, state, to);
        }
    }
}
