/* The place of the greatest or least element along one axis; the first of equal ones. Planned by arg_max.py. */

struct arg_max {
    int outer, count, inner; /* of axes before, of the axis, of axes behind it */
};

#define ARG_MAX(NAME, ELEMENT)                                                                                         \
    INLINE void NAME(const int least, const struct arg_max *p, const uint8_t *input, uint8_t *output) {                \
        const ELEMENT *x = (const ELEMENT *)input;                                                                     \
        int32_t *to = (int32_t *)output;                                                                               \
        const ptrdiff_t step = p->inner;                                                                               \
        for (int outer = 0; outer < p->outer; outer++, x += (p->count - 1) * step)                                     \
            for (int inner = 0; inner < p->inner; inner++, x++) {                                                      \
                ELEMENT best = x[0];                                                                                   \
                int32_t place = 0;                                                                                     \
                for (int i = 1; i < p->count; i++)                                                                     \
                    if (least ? x[i * step] < best : x[i * step] > best) {                                             \
                        best = x[i * step];                                                                            \
                        place = i;                                                                                     \
                    }                                                                                                  \
                *to++ = place;                                                                                         \
            }                                                                                                          \
    }

ARG_MAX(arg_max_int8, byte_value)
ARG_MAX(arg_max_float32, float)
