/* The library's functions as builtins of CPython: a call from Python costs some 50 ns, where ctypes costs ten times that.
   Only functions and structs of the stable ABI are used, declared here, so that no Python headers have to be there and one
   library serves every version. */

typedef struct python_object python_object;

typedef struct {
    void *memory;
    python_object *owner;
    intptr_t length, item_size;
    int read_only, dimensions;
    char *format;
    intptr_t *shape, *strides, *suboffsets;
    void *internal;
} python_buffer; /* Py_buffer */

/* An array of NumPy, as its C interface lays it out. library.py looks at some of this process's arrays: only where they say
   what they are is `array_type` of a session set, and anything read this way. */
typedef struct {
    intptr_t references;
    const void *type;
    void *memory;
    int dimensions;
    const intptr_t *shape, *strides;
    python_object *base;
    const void *dtype;
    int flags;
} numpy_array; /* PyArrayObject_fields */

#define NUMPY_CONTIGUOUS 0x0001
#define NUMPY_ALIGNED 0x0100
#define NUMPY_WRITABLE 0x0400

typedef struct {
    const char *name;
    python_object *(*function)(python_object *, python_object *const *, intptr_t, python_object *);
    int flags;
    const char *doc;
} python_method; /* PyMethodDef */

extern python_object _Py_NoneStruct, _Py_TrueStruct, _Py_FalseStruct;
extern python_object *PyExc_TypeError;
extern void Py_IncRef(python_object *), Py_DecRef(python_object *), PyErr_Clear(void);
extern void PyErr_SetString(python_object *, const char *);
extern int PyObject_GetBuffer(python_object *, python_buffer *, int);
extern void PyBuffer_Release(python_buffer *);
extern intptr_t PyTuple_Size(python_object *);
extern python_object *PyTuple_GetItem(python_object *, intptr_t);
extern int PyUnicode_CompareWithASCIIString(python_object *, const char *);
extern void *PyEval_SaveThread(void);
extern void PyEval_RestoreThread(void *);
extern void *PyCapsule_GetPointer(python_object *, const char *), *PyCapsule_GetContext(python_object *);
extern int PyCapsule_SetContext(python_object *, void *);
extern int PyCapsule_SetDestructor(python_object *, void (*)(python_object *));
extern python_object *PyCapsule_New(void *, const char *, void (*)(python_object *));
extern python_object *PyCFunction_NewEx(const python_method *, python_object *, python_object *);

#define PYTHON_FASTCALL 0x80
#define PYTHON_KEYWORDS 0x02
#define PYTHON_BUFFER 0x3C /* C-contiguous, with its format */
#define PYTHON_WRITABLE 0x01
#define SESSION "ember_session"
/* What predict() keeps on the stack: a model may have 100,000 inputs, and a thread little room. */
#define MOST_HELD 1024
#define HELD (MAX_ARRAYS < MOST_HELD ? MAX_ARRAYS : MOST_HELD)

/* Memory of one executable; Python owns it. */
struct session {
    const uint8_t *const *inputs;
    uint8_t *const *outputs;
    uint8_t *arena;
    python_object *error; /* the exception's class */
    const void *array_type;    /* of NumPy's arrays, or 0 where they cannot be read */
    const void *const *dtypes; /* those of the inputs and outputs */
};

INLINE python_object *python_new(python_object *object) {
    Py_IncRef(object);
    return object;
}

/* Without the GIL, if the work is worth the two calls. 0 and an exception where there is no result. */
INLINE int python_run(const struct session *session, const uint8_t *const *inputs, uint8_t *const *outputs,
                      const int release) {
    void *state = release ? PyEval_SaveThread() : 0;
    ember_run(inputs, outputs, session->arena);
    if (release) PyEval_RestoreThread(state);
    const char *error = ember_error(session->arena);
    if (error) PyErr_SetString(session->error, error);
    return !error;
}

/* run(scratch=None): on the session's own arrays. The generated code needs no scratch. */
INLINE python_object *python_run_session(python_object *self, intptr_t count, python_object *keywords,
                                         const int release) {
    const intptr_t named = keywords ? PyTuple_Size(keywords) : 0;
    if (count + named > 1 || (named && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(keywords, 0), "scratch"))) {
        PyErr_SetString(PyExc_TypeError, "run() takes at most one argument: scratch");
        return 0;
    }
    const struct session *session = PyCapsule_GetPointer(self, SESSION);
    if (!session) return 0;
    return python_run(session, session->inputs, session->outputs, release) ? python_new(&_Py_NoneStruct) : 0;
}

/* Whether a buffer holds so many bytes of elements of a type: one of the letters b, B, h, i, f and ?. Where a C long has
   32 bits, NumPy's int32 is one. */
INLINE int python_fits(const python_buffer *buffer, char format, int64_t length) {
    const char *found = buffer->format;
    if (!found || !found[0] || found[1] || buffer->length != length) return 0;
    return found[0] == format || (format == 'i' && found[0] == 'l' && buffer->item_size == 4);
}

/* The memory of an array of NumPy that fits as it is, or 0; 2 ns, where a buffer takes 30. A dtype is one object for all
   arrays of the machine's own order; whatever else may fit has to be asked for its buffer. */
INLINE void *numpy_memory(const struct session *session, python_object *object, int position, char format,
                          int64_t length, int writable) {
    const numpy_array *array = (const numpy_array *)object;
    const int wanted = NUMPY_CONTIGUOUS | NUMPY_ALIGNED | (writable ? NUMPY_WRITABLE : 0);
    if (!session->array_type || array->type != session->array_type) return 0;
    if (array->dtype != session->dtypes[position] || (array->flags & wanted) != wanted) return 0;
    int64_t bytes = format == 'h' ? 2 : format == 'i' || format == 'f' ? 4 : 1;
    for (int i = 0; i < array->dimensions; i++) bytes *= array->shape[i];
    return bytes == length ? array->memory : 0;
}

/* Whether any other object has a buffer that fits, which then has to be released. */
INLINE int python_holds(python_object *object, python_buffer *buffer, char format, int64_t length, int writable) {
    if (PyObject_GetBuffer(object, buffer, PYTHON_BUFFER | (writable ? PYTHON_WRITABLE : 0))) {
        PyErr_Clear();
        return 0;
    }
    const int fits = python_fits(buffer, format, length);
    if (!fits) PyBuffer_Release(buffer);
    return fits;
}

/* predict(*inputs, *outputs): on the caller's arrays if each is contiguous, of its type and length, and outputs can be
   written to; or else, and where there are very many, it does nothing and returns False. */
INLINE python_object *python_predict(python_object *self, python_object *const *arrays, intptr_t count,
                                     python_object *keywords, const char *formats, const int64_t *lengths,
                                     const int input_count, const int output_count, const int release) {
    if (keywords && PyTuple_Size(keywords)) {
        PyErr_SetString(PyExc_TypeError, "predict() takes no keyword arguments");
        return 0;
    }
    const struct session *session = PyCapsule_GetPointer(self, SESSION);
    if (!session) return 0;
    if (count != input_count + output_count || count > HELD) return python_new(&_Py_FalseStruct);
    python_buffer buffers[HELD];
    const uint8_t *inputs[HELD];
    uint8_t *outputs[HELD];
    int held = 0, fits = 1;
    for (int i = 0; i < count; i++) {
        const int is_output = i >= input_count;
        void *memory = numpy_memory(session, arrays[i], i, formats[i], lengths[i], is_output);
        if (!memory) {
            python_buffer *buffer = &buffers[held];
            fits = python_holds(arrays[i], buffer, formats[i], lengths[i], is_output);
            if (!fits) break;
            memory = buffer->memory;
            held++;
        }
        if (is_output)
            outputs[i - input_count] = memory;
        else
            inputs[i] = memory;
    }
    for (int i = 0; fits && i < output_count; i++)
        for (int k = 0; k < i; k++)
            fits &= outputs[i] + lengths[input_count + i] <= outputs[k] ||
                    outputs[k] + lengths[input_count + k] <= outputs[i];
    const int done = !fits || python_run(session, inputs, outputs, release);
    for (int i = 0; i < held; i++) PyBuffer_Release(&buffers[i]);
    if (!done) return 0;
    return python_new(fits ? &_Py_TrueStruct : &_Py_FalseStruct);
}

static void python_forget(python_object *capsule) { Py_DecRef(PyCapsule_GetContext(capsule)); }

/* A builtin that keeps `owner`, whose memory the session is, alive. */
INLINE python_object *python_bind(const python_method *method, struct session *session, python_object *owner) {
    python_object *capsule = PyCapsule_New(session, SESSION, 0);
    if (!capsule) return 0;
    PyCapsule_SetContext(capsule, python_new(owner));
    PyCapsule_SetDestructor(capsule, python_forget);
    python_object *function = PyCFunction_NewEx(method, capsule, 0);
    Py_DecRef(capsule);
    return function;
}

#define EMBER_PYTHON(INPUTS, OUTPUTS, RELEASE, FORMATS, ...)                                                         \
    static const int64_t array_lengths[MAX_ARRAYS] = {__VA_ARGS__};                                                  \
    static python_object *call_run(python_object *self, python_object *const *arguments, intptr_t count,             \
                                   python_object *keywords) {                                                       \
        (void)arguments;                                                                                             \
        return python_run_session(self, count, keywords, RELEASE);                                                   \
    }                                                                                                                \
    static python_object *call_predict(python_object *self, python_object *const *arguments, intptr_t count,         \
                                       python_object *keywords) {                                                   \
        return python_predict(self, arguments, count, keywords, FORMATS, array_lengths, INPUTS, OUTPUTS, RELEASE);   \
    }                                                                                                                \
    static const python_method run_method = {"run", call_run, PYTHON_FASTCALL | PYTHON_KEYWORDS,                     \
                                             "run(scratch=None): computes the outputs from the inputs."};           \
    static const python_method predict_method = {                                                                    \
        "predict", call_predict, PYTHON_FASTCALL | PYTHON_KEYWORDS,                                                  \
        "predict(*inputs, *outputs): on these arrays; False, and nothing done, where they do not fit as they are."}; \
    EXPORT python_object *ember_bind_run(struct session *session, python_object *owner) {                            \
        return python_bind(&run_method, session, owner);                                                             \
    }                                                                                                                \
    EXPORT python_object *ember_bind_predict(struct session *session, python_object *owner) {                        \
        return python_bind(&predict_method, session, owner);                                                         \
    }
