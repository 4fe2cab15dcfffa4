/* What a generated library offers. `arena` is one run's memory, aligned to 64 bytes; nothing else is written to, so that
   runs with different arenas may go on at the same time. */

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

#define NOINLINE __attribute__((noinline))
/* Libraries made ahead of time outlive versions of ours: to be raised with whatever a caller notices, and where older
   libraries computed wrongly. library.py has the same number. */
#define EMBER_ABI 4

typedef void (*ember_layer)(const uint8_t *const *inputs, uint8_t *const *outputs, uint8_t *arena);

/* ember_prepare: once for an arena; variables then hold their initial content. ember_run: from the inputs to the outputs,
   unless something goes wrong: then ember_error says what, and the outputs are as they were. Where a run ends early,
   those that it has not come to are as they were. ember_batch: `count` samples, one after the other in memory, up to the
   first that goes wrong, each from the initial content of variables; the pointers move on with them, as a stack has no
   room for copies of very many. ember_start_state: variables hold their initial content again. ember_load_state,
   ember_save_state: an array for each. ember_repeat_layer: for profiles, on whatever the last run left in the arena.
   STATUS(arena) is where kernels leave the number of what went wrong, 0 where nothing can. */
#define EMBER_EXPORTS(LAYERS, ARENA, INPUTS, OUTPUTS)                                                                  \
    EXPORT int ember_abi(void) { return EMBER_ABI; }                                                                   \
    EXPORT int64_t ember_arena_len(void) { return ARENA; }                                                             \
    EXPORT void ember_prepare(uint8_t *arena) {                                                                        \
        prepare(0, 0, arena);                                                                                          \
        start_state(0, 0, arena);                                                                                      \
    }                                                                                                                  \
    EXPORT void ember_start_state(uint8_t *arena) { start_state(0, 0, arena); }                                        \
    EXPORT void ember_load_state(const uint8_t *const *state, uint8_t *arena) { load_state(state, 0, arena); }         \
    EXPORT void ember_save_state(uint8_t *const *state, uint8_t *arena) { save_state(0, state, arena); }               \
    EXPORT const char *ember_error(const uint8_t *arena) {                                                             \
        const int32_t *status = STATUS(arena);                                                                         \
        return status ? errors[*status] : 0;                                                                           \
    }                                                                                                                  \
    EXPORT void ember_run(const uint8_t *const *inputs, uint8_t *const *outputs, uint8_t *arena) {                     \
        int32_t *status = STATUS(arena);                                                                               \
        if (status) *status = 0;                                                                                       \
        import_inputs(inputs, outputs, arena);                                                                         \
        if (run_layers(inputs, outputs, arena) && (!status || !*status)) export_outputs(inputs, outputs, arena);       \
    }                                                                                                                  \
    EXPORT void ember_batch(const uint8_t **inputs, const int64_t *input_steps, uint8_t **outputs,                     \
                            const int64_t *output_steps, int64_t count, uint8_t *arena) {                              \
        for (int64_t sample = 0; sample < count && (!sample || !ember_error(arena)); sample++) {                       \
            start_state(0, 0, arena);                                                                                  \
            ember_run(inputs, outputs, arena);                                                                         \
            for (int i = 0; i < INPUTS; i++) inputs[i] += input_steps[i];                                              \
            for (int i = 0; i < OUTPUTS; i++) outputs[i] += output_steps[i];                                           \
        }                                                                                                              \
    }                                                                                                                  \
    EXPORT void ember_repeat_layer(int layer, int64_t count, uint8_t *arena) {                                         \
        if (layer < 0 || layer >= LAYERS) return;                                                                      \
        for (int64_t i = 0; i < count; i++) run_layer(layer, 0, 0, arena);                                             \
    }
