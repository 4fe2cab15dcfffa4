"""An application, with the plugin: `# E:` announces mypy's errors."""

import typing
from typing import Literal

import numpy as np
import numpy.typing as npt
from typing_extensions import assert_type

from ember_infer_core import KernelBackend
from ember_infer_macros import QuantizedModel, Session, ember_model
from ember_infer_ref import RefBackend


@ember_model("digits.tflite")
class Digits: ...


@ember_model(path="sine.tflite")
class Sine(QuantizedModel):
    """My own words."""

    threshold = 0.5


@ember_model("sine.tflite")
class Unused:  # type: ignore[ember-model]  # E: unused-ignore
    pass


class Named(Digits):
    labels = ("a", "b")


def in_a_function() -> int:
    @ember_model("digits.tflite")
    class Local: ...

    return Local.input_len()


backend = RefBackend()

# Lengths are known, and still ints.
exact: Literal[64] = Digits.input_len()
wrong: Literal[63] = Digits.input_len()  # E: assignment
first: Literal[1] = Sine.input_len(0)
inherited: Literal[10] = Named.output_len()
length = Digits.input_len()
length += 1
if Digits.output_len() == 11:  # E: comparison-overlap
    print("never")
batch, height, width, channels = Digits.input_shape()
shape: tuple[Literal[1], Literal[8], Literal[8], Literal[1]] = Digits.input_shape()
rows, columns = Digits.input_shape()  # E: misc
zero: Literal[-128] = Digits.output_zero_point()
scale: float = Digits.input_scale()
whole: int = Digits.input_scale()  # E: assignment
element: np.dtype[np.int8] = Digits.input_dtype()
other: np.dtype[np.uint8] = Digits.input_dtype()  # E: assignment
bytes_of_arena: int = Digits.arena_len()
threshold: float = Sine.threshold
labels: tuple[str, str] = Named.labels

# Scratch, for a concrete backend class.
scratch: int = Digits.scratch_len[RefBackend]()
Digits.scratch_len[int]()  # E: index
Digits.scratch_len[KernelBackend]()  # E: type-abstract
Digits.scratch_len[RefBackend]("no")  # E: call-arg

# Inference on int8.
x = np.zeros(Digits.input_len(), np.int8)
y = np.empty(Digits.output_len(), dtype=np.int8)
real = np.zeros(Digits.input_len(), np.float32)
Digits.predict_quantized(backend, x, y)
Digits.predict_quantized(backend, [x], [y])
Digits.predict_quantized(backend, x.reshape(Digits.input_shape()), y[:10])
Digits.predict_quantized(RefBackend, x, y)  # E: arg-type
Digits.predict_quantized("backend", x, y)  # E: arg-type
Digits.predict_quantized(backend, real, y)  # E: arg-type
Digits.predict_quantized(backend, [real], y)  # E: list-item
Digits.predict_quantized(backend, x, b"0123456789")  # E: arg-type
Digits.predict_quantized(backend, x)  # E: call-arg
Digits.predict_quantized_with_scratch(backend, x, y, bytearray(Digits.scratch_len[RefBackend]()))
Digits.predict_quantized_with_scratch(backend, x, y, np.empty(64, np.uint8))
Digits.predict_quantized_with_scratch(backend, x, y, memoryview(bytearray(64)))
Digits.predict_quantized_with_scratch(backend, x, y, [0])  # E: arg-type

# Real values: one output, so one array; no casts.
probabilities: npt.NDArray[np.float32] = Digits.predict(backend, np.zeros((8, 8)))
best: int = int(Digits.predict(backend, [0.0] * 64).argmax())
sine: float = float(Sine.predict(backend, 1.57))
total, product = Digits.predict(backend, 1.0), Digits.predict(backend, 2)
classes: npt.NDArray[np.int8] = Digits.predict_batch(backend, x.reshape(1, 8, 8, 1))
floats: npt.NDArray[np.float32] = Digits.predict_batch(backend, x)  # E: assignment
Digits.predict_batch(backend, real)  # E: arg-type
Digits.predict(backend, real).nonsense()  # E: attr-defined
q: npt.NDArray[np.int8] = Digits.quantize(real)
r: npt.NDArray[np.float32] = Digits.dequantize(q)
u: npt.NDArray[np.uint8] = Digits.quantize(real)  # E: assignment

# The hot loop.
session: Session = Digits.bind(backend)
session.input[...] = x
session.run()
session.run(np.empty(64, np.uint8))
session.run(64)  # E: arg-type
copied: npt.NDArray[np.int8] = session.output.copy()
session.nothing()  # E: attr-defined
session.input = x  # E: misc
session.nothing = x  # E: attr-defined

# State.
stateful: bool = Digits.is_stateful
bytes_of_state: int = Digits.state_len()
sequence: npt.NDArray[np.int8] = Digits.predict_sequence(backend, x.reshape(1, 8, 8, 1))
Digits.predict_sequence(backend, real)  # E: arg-type
state: npt.NDArray[np.uint8] = session.state
session.state = state
session.state = b"bytes"  # E: assignment
session.reset()

# No more and no less.
assert_type(Digits.input_len(), Literal[64])
assert_type(Digits.input_dtype(), np.dtype[np.int8])
assert_type(Digits.scratch_len[RefBackend](), int)
assert_type(Digits.predict(backend, real), npt.NDArray[np.float32])
assert_type(Digits.predict_batch(backend, x), npt.NDArray[np.int8])
assert_type(Digits.quantize(real), npt.NDArray[np.int8])
assert_type(Digits.bind(backend), Session)

# What the class is.
Digits.nothing()  # E: attr-defined
calls: int = len(Digits.program.calls)


def evaluate(model: type[QuantizedModel], backend: KernelBackend) -> float:
    return float(model.predict(backend, np.zeros(model.input_len())).max())


evaluate(Digits, backend)
evaluate(Sine, backend)
evaluate(Named, backend)
evaluate(int, backend)  # E: arg-type
if typing.TYPE_CHECKING:
    from ember_infer_core import Nonsense  # E: attr-defined
    from ember_infer_macros import nonsense  # E: attr-defined
