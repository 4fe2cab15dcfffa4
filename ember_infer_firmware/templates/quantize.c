
/* The nearest value that the model knows: real = scale * (q - zero_point). */
static int32_t quantized(float real, float scale, int32_t zero_point, int32_t low, int32_t high) {
    const float steps = real / scale;
    if (steps <= (float)(low - zero_point))
        return low;
    if (steps >= (float)(high - zero_point))
        return high;
    return (int32_t)(steps < 0.0f ? steps - 0.5f : steps + 0.5f) + zero_point;
}
