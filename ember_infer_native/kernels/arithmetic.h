/* Functions of two elements that are the values themselves, broadcast: float32, int32, int16 and bool, as TFLM's reference
   kernels compute them. int32 wraps. Planned by arithmetic.py, which has the functions and types in this order. */

#include "broadcast.h"
#include "float_functions.h"

enum { OF_FLOAT32, OF_INT32, OF_INT16, OF_BOOL };
enum {
    PLAIN_ADD,
    PLAIN_SUB,
    PLAIN_MUL,
    PLAIN_DIV,
    PLAIN_FLOOR_DIV,
    PLAIN_FLOOR_MOD,
    PLAIN_MAXIMUM,
    PLAIN_MINIMUM,
    PLAIN_SQUARED_DIFFERENCE,
    PLAIN_PRELU,
    PLAIN_AND,
    PLAIN_OR,
    PLAIN_EQUAL, /* from here on the results are bool */
    PLAIN_NOT_EQUAL,
    PLAIN_GREATER,
    PLAIN_GREATER_EQUAL,
    PLAIN_LESS,
    PLAIN_LESS_EQUAL
};

struct arithmetic {
    int columns, run1, run2, axes;
    int sizes[MAX_DIMENSIONS], steps1[MAX_DIMENSIONS], steps2[MAX_DIMENSIONS], output_steps[MAX_DIMENSIONS];
    int low, high; /* the clamp of ADD, SUB, MUL and DIV; of float32 its bits */
    int error;     /* what becomes the status where a quotient has no value */
};

INLINE float floor_mod(float x, float y) {
    const float remainder = fmodf(x, y);
    return remainder != 0.0f && (y < 0.0f) != (remainder < 0.0f) ? remainder + y : remainder;
}

INLINE float clamped_float(float x, float low, float high) {
    const float raised = x < low ? low : x;
    return raised > high ? high : raised;
}

INLINE float float_of_two(const int function, float x, float y, float low, float high) {
    switch (function) {
        case PLAIN_ADD: return clamped_float(x + y, low, high);
        case PLAIN_SUB: return clamped_float(x - y, low, high);
        case PLAIN_MUL: return clamped_float(x * y, low, high);
        case PLAIN_DIV: return clamped_float(x / y, low, high);
        case PLAIN_FLOOR_DIV: return (float)__builtin_floor((double)x / (double)y);
        case PLAIN_FLOOR_MOD: return floor_mod(x, y);
        case PLAIN_MAXIMUM: return x > y ? x : y;
        case PLAIN_MINIMUM: return x < y ? x : y;
        case PLAIN_SQUARED_DIFFERENCE: return (x - y) * (x - y);
        default: return x >= 0.0f ? x : x * y; /* PRELU */
    }
}

INLINE int32_t clamped_int(uint32_t x, int low, int high) {
    const int32_t value = (int32_t)x;
    return value < low ? low : value > high ? high : value;
}

INLINE int32_t int_of_two(const int function, int32_t x, int32_t y, int low, int high) {
    const uint32_t a = (uint32_t)x, b = (uint32_t)y;
    switch (function) {
        case PLAIN_ADD: return clamped_int(a + b, low, high);
        case PLAIN_SUB: return clamped_int(a - b, low, high);
        case PLAIN_MUL: return clamped_int(a * b, low, high);
        case PLAIN_DIV: return clamped_int((uint32_t)(x / y), low, high);
        case PLAIN_MAXIMUM: return x > y ? x : y;
        case PLAIN_MINIMUM: return x < y ? x : y;
        case PLAIN_AND: return x && y;
        case PLAIN_OR: return x || y;
        default: return (int32_t)((a - b) * (a - b)); /* SQUARED_DIFFERENCE */
    }
}

#define COMPARED(FUNCTION, X, Y)                  \
    ((FUNCTION) == PLAIN_EQUAL           ? (X) == (Y) \
     : (FUNCTION) == PLAIN_NOT_EQUAL     ? (X) != (Y) \
     : (FUNCTION) == PLAIN_GREATER       ? (X) > (Y)  \
     : (FUNCTION) == PLAIN_GREATER_EQUAL ? (X) >= (Y) \
     : (FUNCTION) == PLAIN_LESS          ? (X) < (Y)  \
                                         : (X) <= (Y))

INLINE int32_t int_element(const int type, const uint8_t *from, ptrdiff_t at) {
    return type == OF_INT32 ? ((const int32_t *)from)[at] : type == OF_INT16 ? ((const int16_t *)from)[at] : from[at];
}

/* Whether x / y has no value; FLOOR_DIV stops at any zero. */
INLINE int has_no_quotient(const int type, const uint8_t *a, ptrdiff_t at1, const uint8_t *b, ptrdiff_t at2) {
    if (type == OF_FLOAT32) return ((const float *)b)[at2] == 0.0f;
    const int32_t divisor = ((const int32_t *)b)[at2];
    return divisor == 0 || (divisor == -1 && ((const int32_t *)a)[at1] == INT32_MIN);
}

INLINE void arithmetic_row(const int type, const int function,
                           const struct arithmetic *p, const uint8_t *a, const uint8_t *b, uint8_t *to,
                           int32_t *status) {
    const float low = float_of_bits(p->low), high = float_of_bits(p->high);
    for (int i = 0; i < p->columns; i++) {
        const int at1 = i * p->run1, at2 = i * p->run2;
        if (status && has_no_quotient(type, a, at1, b, at2)) {
            *status = p->error;
            return;
        }
        if (type == OF_FLOAT32) {
            const float x = ((const float *)a)[at1], y = ((const float *)b)[at2];
            if (function >= PLAIN_EQUAL)
                to[i] = COMPARED(function, x, y);
            else
                ((float *)to)[i] = float_of_two(function, x, y, low, high);
        } else {
            const int32_t x = int_element(type, a, at1), y = int_element(type, b, at2);
            if (function >= PLAIN_EQUAL)
                to[i] = COMPARED(function, x, y);
            else if (type == OF_INT32)
                ((int32_t *)to)[i] = int_of_two(function, x, y, p->low, p->high);
            else if (type == OF_INT16)
                ((int16_t *)to)[i] = (int16_t)int_of_two(function, x, y, p->low, p->high);
            else
                to[i] = (uint8_t)int_of_two(function, x, y, p->low, p->high);
        }
    }
}

INLINE void arithmetic(const int type, const int function, const struct arithmetic *p,
                       const uint8_t *input1, const uint8_t *input2, uint8_t *output) {
    FOR_EACH_ROW(p, input1, input2, output) arithmetic_row(type, function, p, input1, input2, output, 0);
}

/* The same, where a divisor of zero is an error. */
INLINE void quotients(const int type, const int function, const struct arithmetic *p,
                      const uint8_t *input1, const uint8_t *input2, uint8_t *output, uint8_t *status) {
    FOR_EACH_ROW(p, input1, input2, output)
    arithmetic_row(type, function, p, input1, input2, output, (int32_t *)status);
}
