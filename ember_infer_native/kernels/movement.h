/* Elements moved from one dense tensor to another, by steps along each axis. Planned by movement.py. */

#define MOVED_AXES 8

struct move {
    int sizes[MOVED_AXES]; /* the last axis changes fastest */
    int input_steps[MOVED_AXES], output_steps[MOVED_AXES]; /* bytes */
};

/* Elements of `size` bytes; `touching`: those of the last axis lie one after the other on both sides. */
INLINE void move(const int size, const int touching, const struct move *p, const uint8_t *input, uint8_t *output) {
    const int last = MOVED_AXES - 1, count = p->sizes[last];
    const ptrdiff_t from_step = p->input_steps[last], to_step = p->output_steps[last];
    int at[MOVED_AXES] = {0};
    for (;;) {
        if (touching)
            memcpy(output, input, (size_t)count * size);
        else
            for (int i = 0; i < count; i++) {
                if (size == 1)
                    output[i * to_step] = input[i * from_step];
                else if (size == 2)
                    *(uint16_t *)(output + i * to_step) = *(const uint16_t *)(input + i * from_step);
                else
                    *(uint32_t *)(output + i * to_step) = *(const uint32_t *)(input + i * from_step);
            }
        int axis = last - 1;
        for (; axis >= 0; axis--) {
            input += p->input_steps[axis];
            output += p->output_steps[axis];
            if (++at[axis] < p->sizes[axis]) break;
            input -= (ptrdiff_t)p->input_steps[axis] * p->sizes[axis];
            output -= (ptrdiff_t)p->output_steps[axis] * p->sizes[axis];
            at[axis] = 0;
        }
        if (axis < 0) return;
    }
}

struct fill_elements {
    int count, value; /* value: the bits of an element */
};

INLINE void fill_elements(const int size, const struct fill_elements *p, uint8_t *output) {
    for (int i = 0; i < p->count; i++) {
        if (size == 2)
            ((uint16_t *)output)[i] = (uint16_t)p->value;
        else
            ((uint32_t *)output)[i] = (uint32_t)p->value;
    }
}
