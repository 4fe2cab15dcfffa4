/* CIRCULAR_BUFFER: the rows move up by one, and the input becomes the last. Planned by circular_buffer.py. */

struct circular_buffer {
    int bytes, row; /* of the whole buffer, of a row */
    int cycles_max; /* rows for each run that goes on */
};

INLINE void circular_buffer(const struct circular_buffer *p, const uint8_t *input, uint8_t *state, uint8_t *counter) {
    int32_t *count = (int32_t *)counter;
    const size_t kept = (size_t)(p->bytes - p->row);
    for (size_t at = 0; at < kept; at += (size_t)p->row) memcpy(state + at, state + at + p->row, (size_t)p->row);
    memcpy(state + kept, input, (size_t)p->row);
    *count = *count >= p->cycles_max - 1 ? 0 : *count + 1;
}
