/* Vectors of LANES in GNU C, for arithmetic that is the same on every target; and from and to the target's own. */

typedef int32_t integer_lanes __attribute__((vector_size(4 * LANES)));
typedef uint32_t wrapping_lanes __attribute__((vector_size(4 * LANES)));
typedef float float_lanes __attribute__((vector_size(4 * LANES)));

INLINE integer_lanes integers(int32_lanes from) {
    integer_lanes to;
    memcpy(&to, &from, sizeof to);
    return to;
}

INLINE int32_lanes target_lanes(integer_lanes from) {
    int32_lanes to;
    memcpy(&to, &from, sizeof to);
    return to;
}
