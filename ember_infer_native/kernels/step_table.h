/* A model of very many steps: they are numbers among the constants, one record for each, and a loop takes them. What a
   compiler has to do then does not grow with the model.

   A record is STEP_WORDS words of 64 bits: which kernel, where its struct begins among the constants, how often it is
   called, and for each pointer what it is relative to, bytes from there, and bytes from one time to the next. The bases
   are 0 the constants, 1 the arena, then by turns the caller's inputs and outputs. Of a layer there are the number of its
   first record, and of records; where in the arena an int32 says whether the run ends with it, or -1; and how many of
   the outputs are there by then. */

#define STEP_WORDS (3 + 3 * STEP_POINTERS)
#define LAYER_WORDS 4

static NOINLINE void take_steps(const uint8_t *constants, const int64_t *step, int64_t count,
                                const uint8_t *const *inputs, uint8_t *const *outputs, uint8_t *arena) {
    for (; count; count--, step += STEP_WORDS) {
        uint8_t *memory[STEP_POINTERS];
        for (int i = 0; i < STEP_POINTERS; i++) {
            const int64_t base = step[3 + 3 * i], position = (base - 2) / 2;
            const uint8_t *first = base == 0 ? constants
                                   : base == 1 ? arena
                                   : base % 2  ? outputs[position]
                                               : inputs[position];
            memory[i] = (uint8_t *)first + step[4 + 3 * i];
        }
        for (int64_t time = 0; time < step[2]; time++) {
            kernels[step[0]](constants + step[1], memory);
            for (int i = 0; i < STEP_POINTERS; i++) memory[i] += step[5 + 3 * i];
        }
    }
}

static int take_layers(const uint8_t *constants, const int64_t *steps, const int64_t *layer, int64_t count,
                       int64_t exports, const uint8_t *const *inputs, uint8_t *const *outputs, uint8_t *arena) {
    for (; count; count--, layer += LAYER_WORDS) {
        take_steps(constants, steps + layer[0] * STEP_WORDS, layer[1], inputs, outputs, arena);
        if (STATUS(arena) && *STATUS(arena)) return 0;
        if (layer[2] < 0 || !*(const int32_t *)(arena + layer[2])) continue;
        take_steps(constants, steps + exports * STEP_WORDS, layer[3], inputs, outputs, arena);
        return 0;
    }
    return 1;
}
