/* Axes of a dense output along which two dense inputs run, or stand still. */

#define MAX_DIMENSIONS 32 /* that differ, of two sizes or more each: with one more, an output has 2**33 elements */

/* A kernel does the last axis itself and then takes `next_row`, from all zeros, until it returns 0. */
INLINE int next_row(const int *sizes, const int *steps1, const int *steps2, int *at, ptrdiff_t *first1,
                    ptrdiff_t *first2) {
    for (int axis = MAX_DIMENSIONS - 2; axis >= 0; axis--) {
        *first1 += steps1[axis];
        *first2 += steps2[axis];
        if (++at[axis] < sizes[axis]) return 1;
        *first1 -= (ptrdiff_t)steps1[axis] * sizes[axis];
        *first2 -= (ptrdiff_t)steps2[axis] * sizes[axis];
        at[axis] = 0;
    }
    return 0;
}
