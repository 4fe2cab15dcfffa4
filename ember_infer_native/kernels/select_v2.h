/* SELECT_V2: elements of one tensor or the other, broadcast. Planned by select_v2.py. */

#define SELECTED_AXES 8

struct select {
    int sizes[SELECTED_AXES]; /* of the output; the last axis changes fastest */
    int condition_steps[SELECTED_AXES], x_steps[SELECTED_AXES], y_steps[SELECTED_AXES]; /* elements */
};

/* Elements of `size` bytes. */
INLINE void select_v2(const int size, const struct select *p, const uint8_t *condition, const uint8_t *x,
                      const uint8_t *y, uint8_t *output) {
    const int last = SELECTED_AXES - 1, count = p->sizes[last];
    const ptrdiff_t step = p->condition_steps[last], x_step = p->x_steps[last], y_step = p->y_steps[last];
    ptrdiff_t from_condition = 0, from_x = 0, from_y = 0;
    int at[SELECTED_AXES] = {0};
    for (;; output += (ptrdiff_t)count * size) {
        for (int i = 0; i < count; i++) {
            const int chosen = condition[from_condition + i * step];
            const ptrdiff_t place_x = from_x + i * x_step, place_y = from_y + i * y_step;
            if (size == 1)
                output[i] = chosen ? x[place_x] : y[place_y];
            else if (size == 2)
                ((uint16_t *)output)[i] = chosen ? ((const uint16_t *)x)[place_x] : ((const uint16_t *)y)[place_y];
            else
                ((uint32_t *)output)[i] = chosen ? ((const uint32_t *)x)[place_x] : ((const uint32_t *)y)[place_y];
        }
        int axis = last - 1;
        for (; axis >= 0; axis--) {
            from_condition += p->condition_steps[axis];
            from_x += p->x_steps[axis];
            from_y += p->y_steps[axis];
            if (++at[axis] < p->sizes[axis]) break;
            from_condition -= (ptrdiff_t)p->condition_steps[axis] * p->sizes[axis];
            from_x -= (ptrdiff_t)p->x_steps[axis] * p->sizes[axis];
            from_y -= (ptrdiff_t)p->y_steps[axis] * p->sizes[axis];
            at[axis] = 0;
        }
        if (axis < 0) return;
    }
}
