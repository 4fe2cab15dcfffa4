/* Copies between layouts: a model's int8 to bytes and back, into and out of memory with borders, RESHAPE.
   `split` > 1 sorts the pixels of a row by their column modulo `split`, for strides over narrow pixels. */

struct copy {
    int images, rows, columns, pixel; /* pixel: bytes */
    int input_image, input_row;
    int output_image, output_row;
    int split, phase; /* phase: bytes from a row's pixels with one remainder to those with the next */
    int flip;         /* XORed onto each byte */
};

INLINE void copy_flipped_word(uint8_t *to, const uint8_t *from, uint64_t mask) {
    uint64_t word;
    memcpy(&word, from, 8);
    word ^= mask;
    memcpy(to, &word, 8);
}

/* In words: compilers leave bytes alone at -O2. The last word of a row ends with it, and may begin in the one before:
   `to` and `from` never overlap. */
INLINE void copy_flipped(uint8_t *to, const uint8_t *from, ptrdiff_t count, uint8_t flip) {
    const uint64_t mask = flip * (UINT64_MAX / 255);
    ptrdiff_t i = 0;
    for (; i + 64 <= count; i += 64) {
        uint64_t words[8];
        memcpy(words, from + i, 64);
        UNROLL for (int k = 0; k < 8; k++) words[k] ^= mask;
        memcpy(to + i, words, 64);
    }
    for (; i + 8 <= count; i += 8) copy_flipped_word(to + i, from + i, mask);
    if (count >= 8) {
        if (i < count) copy_flipped_word(to + count - 8, from + count - 8, mask);
    } else {
        for (; i < count; i++) to[i] = from[i] ^ flip;
    }
}

INLINE void copy(const struct copy *p, const uint8_t *input, uint8_t *output) {
    for (int image = 0; image < p->images; image++) {
        for (int row = 0; row < p->rows; row++) {
            const uint8_t *from = input + (ptrdiff_t)image * p->input_image + (ptrdiff_t)row * p->input_row;
            uint8_t *to = output + (ptrdiff_t)image * p->output_image + (ptrdiff_t)row * p->output_row;
            if (p->split > 1) {
                for (int phase = 0; phase < p->split; phase++) {
                    uint8_t *pixel = to + (ptrdiff_t)phase * p->phase;
                    for (int column = phase; column < p->columns; column += p->split, pixel += p->pixel)
                        memcpy(pixel, from + (ptrdiff_t)column * p->pixel, p->pixel);
                }
            } else if (p->flip) {
                copy_flipped(to, from, (ptrdiff_t)p->columns * p->pixel, (uint8_t)p->flip);
            } else {
                memcpy(to, from, (size_t)p->columns * p->pixel);
            }
        }
    }
}

/* Each byte several times in a row: an input channel for each output channel of a depth multiplier. */

struct repeat {
    int count, times;
};

INLINE void repeat(const struct repeat *p, const uint8_t *input, uint8_t *output) {
    for (int i = 0; i < p->count; i++)
        for (int k = 0; k < p->times; k++) output[(ptrdiff_t)i * p->times + k] = input[i];
}
