/* UNIDIRECTIONAL_SEQUENCE_LSTM: time step by time step, unit by unit, whose four gates (input, forget, cell, output) are
   summed together: their weights take turns. The new hidden state of a time step is its output, from where it goes to
   the state once no unit needs the old one. Planned by unidirectional_sequence_lstm.py. */

#ifndef EMBER_UNIDIRECTIONAL_SEQUENCE_LSTM_H
#define EMBER_UNIDIRECTIONAL_SEQUENCE_LSTM_H

#include "ember_dot.h"
#include "ember_fixed_point.h"

/* Of rows of int8 and the gates' weights. */
struct ember_lstm_sums {
    const int8_t *weights; /* of the four gates in turn, column by column, unit by unit */
    const int32_t *bias;   /* of the four gates, unit by unit; with what the row's zero point comes to */
    int32_t depth;
    int32_t weights_offset[4];
    int32_t multiplier[4], shift[4];
};

/* The same of rows of int16: sums have 64 bits, multipliers 16. */
struct ember_lstm16_sums {
    const int8_t *weights;
    const int64_t *bias;
    int32_t depth;
    int32_t weights_offset[4];
    int32_t multiplier[4], right_shift[4];
};

/* What is done with the sums. */
struct ember_lstm_update {
    const uint16_t *sigmoid; /* of i / 24, as Q0.16, 256 of them */
    int32_t linear;          /* the cell gate stays as it is */
    int32_t cell_multiplier, cell_shift, cell_min, cell_max;
    int32_t tanh_multiplier, tanh_shift;
    int32_t hidden_multiplier, hidden_shift, hidden_offset;
};

/* Elements from time step to time step, and from one sequence to the next. */
struct ember_lstm_steps {
    int32_t batch, steps, units;
    int32_t input_time, input_batch, output_time, output_batch;
};

struct ember_lstm {
    struct ember_lstm_sums input, hidden;
    struct ember_lstm_update update;
    struct ember_lstm_steps steps;
};

struct ember_lstm16 {
    struct ember_lstm16_sums input, hidden;
    struct ember_lstm_update update;
    struct ember_lstm_steps steps;
};

static inline int32_t ember_lstm_saturated(int32_t x) { return ember_clamp(x, -32768, 32767); }

/* Between the entries of the table; from the last one on `saturated`, to as many bits. */
static inline int32_t ember_lstm_interpolated(const uint16_t *table, int32_t magnitude, int32_t bits, int32_t saturated) {
    const int32_t index = magnitude >> bits;
    if (index >= 255)
        return saturated << bits;
    const int32_t step = table[index + 1] - table[index];
    return (int32_t)((uint32_t)table[index] << bits) + (magnitude & ((1 << bits) - 1)) * step;
}

/* TensorFlow Lite Micro's functions of int16, of values with 24 * 512 for 1 and 24 * 256 for 1. Results are Q0.15. */
static EMBER_NOT_INLINED int32_t ember_lstm_logistic(const uint16_t *table, int32_t x) {
    const int32_t result = ember_lstm_interpolated(table, x < 0 ? -x : x, 9, 0x7FFF << 1);
    return (x < 0 ? (1 << 25) - result + (1 << 9) - 1 : result + (1 << 9)) >> 10;
}

static EMBER_NOT_INLINED int32_t ember_lstm_tanh(const uint16_t *table, int32_t x) {
    const int32_t result = ember_lstm_interpolated(table, x < 0 ? -x : x, 8, 0xFFFF) - (1 << 23);
    return (x < 0 ? (1 << 7) - 1 - result : result + (1 << 7)) >> 8;
}

/* A unit's gates, Q3.12, to its new cell state, and to its hidden state, which is not yet clamped to its type. */
static inline int32_t ember_lstm_unit(const struct ember_lstm_update *p, const int32_t *gates, int16_t *cell) {
    const uint16_t *table = p->sigmoid;
    const int32_t added = p->linear ? gates[2] : ember_lstm_tanh(table, 3 * gates[2]);
    const int32_t kept = ember_scale_apart(ember_lstm_logistic(table, 3 * gates[1]) * *cell, 1 << 30, -14);
    const int32_t taken = ember_scale_apart(ember_lstm_logistic(table, 3 * gates[0]) * added, p->cell_multiplier, p->cell_shift);
    const int32_t now = ember_clamp(ember_lstm_saturated(kept) + ember_lstm_saturated(taken), p->cell_min, p->cell_max);
    *cell = (int16_t)now;
    const int32_t x = (now * p->tanh_multiplier + (1 << p->tanh_shift >> 1)) >> p->tanh_shift;
    const int32_t result = ember_lstm_tanh(table, x) * ember_lstm_logistic(table, 3 * gates[3]);
    const uint32_t scaled = (uint32_t)ember_scale_apart(result, p->hidden_multiplier, p->hidden_shift);
    return (int32_t)(scaled - (uint32_t)p->hidden_offset); /* wraps, as TFLM's does */
}

/* Adds a row's part to a unit's gates. `total`: of the row's elements. */
static EMBER_NOT_INLINED void ember_lstm_add(const struct ember_lstm_sums *p, int32_t unit, const int8_t *row, int32_t total,
                                  int32_t *gates) {
    uint32_t sums[4];
    for (int32_t gate = 0; gate < 4; gate++)
        sums[gate] = (uint32_t)p->bias[4 * unit + gate] + (uint32_t)p->weights_offset[gate] * (uint32_t)total;
    ember_dot4(sums, row, p->weights + 4 * unit * p->depth, p->depth);
    for (int32_t gate = 0; gate < 4; gate++) {
        const int32_t part = ember_lstm_saturated(ember_scale((int32_t)sums[gate], p->multiplier[gate], p->shift[gate]));
        gates[gate] = ember_lstm_saturated(gates[gate] + part);
    }
}

static inline int32_t ember_lstm_total(const int8_t *row, int32_t count) {
    int32_t total = 0;
    for (int32_t i = 0; i < count; i++)
        total += row[i];
    return total;
}

static inline void ember_lstm(const struct ember_lstm *p, const int8_t *input, int8_t *hidden_state, int16_t *cell_state,
                              int8_t *output) {
    const int32_t units = p->steps.units;
    for (int32_t batch = 0; batch < p->steps.batch; batch++, hidden_state += units, cell_state += units) {
        const int8_t *row = input + batch * p->steps.input_batch;
        int8_t *result = output + batch * p->steps.output_batch;
        for (int32_t step = 0; step < p->steps.steps; step++) {
            const int32_t of_input = ember_lstm_total(row, p->input.depth);
            const int32_t of_hidden = ember_lstm_total(hidden_state, units);
            for (int32_t unit = 0; unit < units; unit++) {
                int32_t gates[4] = {0, 0, 0, 0};
                ember_lstm_add(&p->input, unit, row, of_input, gates);
                ember_lstm_add(&p->hidden, unit, hidden_state, of_hidden, gates);
                result[unit] = (int8_t)ember_clamp(ember_lstm_unit(&p->update, gates, cell_state + unit), -128, 127);
            }
            memcpy(hidden_state, result, (size_t)units);
            row += p->steps.input_time;
            result += p->steps.output_time;
        }
    }
}

/* As in TensorFlow Lite Micro, products of int16 data have 64 bits. */
static inline void ember_lstm16_add(const struct ember_lstm16_sums *p, int32_t unit, const int16_t *row, int64_t total,
                                    int32_t *gates) {
    const int8_t *weights = p->weights + 4 * unit * p->depth;
    for (int32_t gate = 0; gate < 4; gate++) {
        uint64_t sum = (uint64_t)p->bias[4 * unit + gate] + (uint64_t)(p->weights_offset[gate] * total);
        for (int32_t i = 0; i < p->depth; i++)
            sum += (uint64_t)(row[i] * weights[4 * i + gate]);
        const int32_t right = p->right_shift[gate];
        const uint64_t product = sum * (uint64_t)p->multiplier[gate] + ((uint64_t)1 << (right - 1));
        gates[gate] = ember_lstm_saturated(gates[gate] + ember_lstm_saturated((int32_t)((int64_t)product >> right)));
    }
}

static inline int64_t ember_lstm16_total(const int16_t *row, int32_t count) {
    int64_t total = 0;
    for (int32_t i = 0; i < count; i++)
        total += row[i];
    return total;
}

static inline void ember_lstm16(const struct ember_lstm16 *p, const int16_t *input, int16_t *hidden_state,
                                int16_t *cell_state, int16_t *output) {
    const int32_t units = p->steps.units;
    for (int32_t batch = 0; batch < p->steps.batch; batch++, hidden_state += units, cell_state += units) {
        const int16_t *row = input + batch * p->steps.input_batch;
        int16_t *result = output + batch * p->steps.output_batch;
        for (int32_t step = 0; step < p->steps.steps; step++) {
            const int64_t of_input = ember_lstm16_total(row, p->input.depth);
            const int64_t of_hidden = ember_lstm16_total(hidden_state, units);
            for (int32_t unit = 0; unit < units; unit++) {
                int32_t gates[4] = {0, 0, 0, 0};
                ember_lstm16_add(&p->input, unit, row, of_input, gates);
                ember_lstm16_add(&p->hidden, unit, hidden_state, of_hidden, gates);
                result[unit] = (int16_t)ember_lstm_saturated(ember_lstm_unit(&p->update, gates, cell_state + unit));
            }
            memcpy(hidden_state, result, (size_t)units * sizeof *result);
            row += p->steps.input_time;
            result += p->steps.output_time;
        }
    }
}

#endif
