/* SVDF: the state moves one element towards its start, each filter adds its newest element at the end of its own part, and
   each unit sums products of its filters' parts. Bytes beyond a row of the input, and elements beyond a unit's part of the
   state, meet zero weights. Planned by svdf.py. */

#include "fixed_point.h"
#include "lanes.h"
#include "requantize.h"

typedef uint8_t state_chunk __attribute__((vector_size(CHUNK)));
typedef int16_t wide_state __attribute__((vector_size(2 * LANES)));

struct svdf {
    int batches, depth, quads;  /* of the input */
    int filters, vectors, memory;
    int state, batch;           /* bytes of the whole state, and of what belongs to one row of the input */
    int newest;                 /* what is added to a newest element as memory keeps it, wrapping */
    int units, unit, chunks;    /* bytes of a unit's part of the state, and vectors of them */
    int way, corrected1, corrected2, zero, low, high;
};

/* Moves all elements to the one before; what then is the last one is to be written anew. */
INLINE void move_state(uint8_t *state, const int bytes, const int element) {
    state_chunk chunk;
    int i = 0;
    for (; i + CHUNK <= bytes; i += CHUNK) {
        memcpy(&chunk, state + i + element, sizeof chunk);
        memcpy(state + i, &chunk, sizeof chunk);
    }
    memcpy(&chunk, state + i + element, sizeof chunk);
    memcpy(state + i, &chunk, (size_t)(bytes - i));
}

/* The newest elements of all filters. `constants`: weights, then for each filter the sum's start, then multiplier and
   shifts. */
INLINE void add_newest(const int wide, const struct svdf *p, const uint8_t *input, uint8_t *state,
                       const uint8_t *constants) {
    const int32_t *start = (const int32_t *)(constants + (ptrdiff_t)p->vectors * p->quads * QUAD_BYTES);
    const int32_t *multiplier = start + p->vectors * LANES;
    const int limit = wide ? 1 << 15 : 1 << 7;
    for (int v = 0; v < p->vectors; v++) {
        int32_lanes sums = load_lanes(start + v * LANES);
        for (int quad = 0; quad < p->quads; quad++, constants += QUAD_BYTES)
            sums = dot(sums, broadcast_quad(input + 4 * quad), load_weights(constants));
        int32_t results[LANES];
        store_lanes(results, requantize_exact(sums, multiplier, multiplier + LANES, multiplier + 2 * LANES));
        const int left = p->filters - v * LANES;
        for (int lane = 0; lane < (left < LANES ? left : LANES); lane++) {
            const int32_t value = clamped(results[lane], -limit, limit - 1) + p->newest;
            const ptrdiff_t at = (ptrdiff_t)(v * LANES + lane + 1) * p->memory - 1;
            if (wide)
                ((int16_t *)state)[at] = (int16_t)value;
            else
                state[at] = (uint8_t)value;
        }
    }
}

/* Of a unit's part of the state, which may be followed by anything, and its weights. */
INLINE int32_t sum_state(const int wide, const struct svdf *p, const uint8_t *state, const uint8_t *weights) {
    if (wide) {
        wrapping_lanes sums = {0};
        for (int chunk = 0; chunk < p->chunks; chunk++) {
            wide_state x, w;
            memcpy(&x, state + (ptrdiff_t)chunk * sizeof x, sizeof x);
            memcpy(&w, weights + (ptrdiff_t)chunk * sizeof w, sizeof w);
            sums += __builtin_convertvector(x, wrapping_lanes) * __builtin_convertvector(w, wrapping_lanes);
        }
        return sum_lanes(target_lanes((integer_lanes)sums));
    }
    int32_lanes sums = zero_lanes();
    for (int chunk = 0; chunk < p->chunks; chunk++)
        sums = dot(sums, load_quads(state + (ptrdiff_t)chunk * CHUNK), load_weights(weights + (ptrdiff_t)chunk * QUAD_BYTES));
    return sum_lanes(sums);
}

/* `features`: see add_newest. `times`: weights, then how sums become bytes. */
INLINE void svdf(const int wide, const struct svdf *p, const uint8_t *input, uint8_t *state, uint8_t *output,
                 const uint8_t *features, const uint8_t *times) {
    const ptrdiff_t unit_weights = (ptrdiff_t)p->chunks * (wide ? 2 * LANES : QUAD_BYTES);
    const int vectors = (p->units + LANES - 1) / LANES;
    const struct requantization r = REQUANTIZATION(p, vectors, times + p->units * unit_weights);
    move_state(state, p->state, wide ? 2 : 1);
    for (int i = 0; i < p->batches; i++, input += p->depth, state += p->batch, output += p->units) {
        add_newest(wide, p, input, state, features);
        for (int v = 0; v < vectors; v++) {
            const int left = p->units - v * LANES, count = left < LANES ? left : LANES;
            int32_t totals[LANES] = {0};
            for (int lane = 0; lane < count; lane++)
                totals[lane] = sum_state(wide, p, state + (ptrdiff_t)(v * LANES + lane) * p->unit,
                                         times + (v * LANES + lane) * unit_weights);
            const int32_lanes result = requantize(&r, add_lanes(load_lanes(totals), load_bias(&r, v)), v, 0);
            const int32_lanes results[4] = {result, result, result, result};
            store_part(output + v * LANES, pack(&r, results), 0, count);
        }
    }
}
