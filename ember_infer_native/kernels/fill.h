/* Memory to one value: a buffer with borders, once, before the first run. */

struct fill {
    int bytes, value;
};

INLINE void fill(const struct fill *p, uint8_t *output) { memset(output, p->value, p->bytes); }
