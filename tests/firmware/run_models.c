/* Runs the exported models of a table, which is included before this: struct model MODELS[]. From standard input, for
   each model: how many runs, then their inputs. To standard output, for each run: its status and all outputs. All memory
   is as long as it must be and no longer, and the arena but for its state is filled with garbage before each run. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *taken(size_t bytes) {
    void *memory = NULL;
    if (posix_memalign(&memory, 16, bytes ? bytes : 1) != 0)
        exit(2);
    memset(memory, 0, bytes);
    return memory;
}

static void given(void *memory, size_t bytes) {
    if (fread(memory, 1, bytes, stdin) != bytes)
        exit(3);
}

int main(void) {
    for (size_t m = 0; m < sizeof MODELS / sizeof *MODELS; m++) {
        const struct model *model = &MODELS[m];
        void *ports[MOST_PORTS];
        const int count = model->inputs + model->outputs;
        for (int i = 0; i < count; i++)
            ports[i] = taken(model->bytes[i]);
        uint8_t *arena = taken(model->arena);
        if (model->reset != NULL && model->reset(arena) != 0)
            exit(4);
        int32_t runs;
        given(&runs, sizeof runs);
        for (int32_t run = 0; run < runs; run++) {
            for (int i = 0; i < model->inputs; i++)
                given(ports[i], model->bytes[i]);
            memset(arena, 0xA5, model->arena - model->state);
            const int32_t status = model->run(ports, arena);
            fwrite(&status, sizeof status, 1, stdout);
            for (int i = model->inputs; i < count; i++)
                fwrite(ports[i], 1, model->bytes[i], stdout);
        }
        for (int i = 0; i < count; i++)
            free(ports[i]);
        free(arena);
    }
    return 0;
}
