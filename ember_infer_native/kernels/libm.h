/* Of the C library's mathematics, in single precision, what TFLM calls; declared here, because zig alone has no headers. */

float cosf(float), expf(float), expm1f(float), fmodf(float, float), logf(float), sinf(float), tanhf(float);
#define absolute __builtin_fabsf
#define ceiling __builtin_ceilf
#define floored __builtin_floorf
#define square_root __builtin_sqrtf
