/* Two inputs and an output, row by row: `run1` and `run2` say which inputs run along a row (1), the other stands still (0).
   Planned by broadcast.py. */

#define MAX_DIMENSIONS 32 /* that differ, of two sizes or more each: with one more, an output has 2**33 elements */

/* To the next row of three tensors, by steps in bytes along `axes` axes, the last of which changes fastest; 0 after the
   last row. `at` are zeros at first. */
INLINE int next_row(int axes, const int *sizes, const int *steps1, const int *steps2, const int *output_steps, int *at,
                    const uint8_t **input1, const uint8_t **input2, uint8_t **output) {
    for (int axis = axes - 1; axis >= 0; axis--) {
        *input1 += steps1[axis];
        *input2 += steps2[axis];
        *output += output_steps[axis];
        if (++at[axis] < sizes[axis]) return 1;
        *input1 -= (ptrdiff_t)steps1[axis] * sizes[axis];
        *input2 -= (ptrdiff_t)steps2[axis] * sizes[axis];
        *output -= (ptrdiff_t)output_steps[axis] * sizes[axis];
        at[axis] = 0;
    }
    return 0;
}

/* Repeats what follows for each row of a struct with the fields axes, sizes, steps1, steps2 and output_steps. */
#define FOR_EACH_ROW(p, input1, input2, output)                                                                       \
    for (int at[MAX_DIMENSIONS] = {0}, more = 1; more;                                                                \
         more = next_row((p)->axes, (p)->sizes, (p)->steps1, (p)->steps2, (p)->output_steps, at, &(input1), &(input2), \
                         &(output)))
