"""Understood by every checker, without a plugin."""

from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import assert_type

from ember_infer_core import KernelBackend
from ember_infer_macros import QuantizedModel, Session, ember_model
from ember_infer_ref import RefBackend


@ember_model("digits.tflite")
class Digits(QuantizedModel):
    threshold = 0.5


backend = RefBackend()
assert_type(Digits.input_len(), int)
assert_type(Digits.input_scale(), float)
assert_type(Digits.input_shape(), tuple[int, ...])
assert_type(Digits.input_dtype(), np.dtype[Any])
assert_type(Digits.scratch_len[RefBackend](), int)
assert_type(Digits.bind(backend), Session)
assert_type(Digits.threshold, float)
length: int = Digits.input_len()
length += 1
text: str = Digits.input_len()  # M: assignment  # P: reportAssignmentType  # T: invalid-assignment  # F: bad-assignment
shape: tuple[int, ...] = Digits.input_shape()
scratch: int = Digits.scratch_len[RefBackend]()
Digits.scratch_len[int]()  # M: index  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-index
x = np.zeros(Digits.input_len(), np.int8)
y = np.empty(Digits.output_len(), np.int8)
real = np.zeros(Digits.input_len(), np.float32)
Digits.predict_quantized(backend, x, y)
Digits.predict_quantized("backend", x, y)  # M: arg-type  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-argument-type
Digits.predict_quantized(backend, "input", y)  # M: arg-type  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-argument-type
Digits.predict_quantized(backend, x, b"0123456789")  # M: arg-type  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-argument-type
probabilities: npt.NDArray[np.float32] = Digits.predict(backend, real)
best: int = int(Digits.predict(backend, real).argmax())
first, second = Digits.predict(backend, real)
Digits.predict(backend, real).nonsense()  # M: union-attr  # P: reportAttributeAccessIssue  # T: missing-union-attribute  # F: missing-attribute
session: Session = Digits.bind(backend)
session.run(64)  # M: arg-type  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-argument-type
session.input = session.output  # M: misc  # P: reportAttributeAccessIssue  # T: invalid-assignment  # F: read-only
session.state = session.state
session.state = b"bytes"  # M: assignment  # P: reportAttributeAccessIssue  # T: invalid-assignment  # F: bad-argument-type
stateful: bool = Digits.is_stateful
bytes_of_state: int = Digits.state_len()
Digits.predict_sequence(backend)  # M: call-arg  # P: reportCallIssue  # T: missing-argument  # F: missing-argument
Digits.nothing()  # M: attr-defined  # P: reportAttributeAccessIssue  # T: missing-attribute  # F: missing-attribute


def evaluate(model: type[QuantizedModel], backend: KernelBackend, real: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return model.predict(backend, real)


evaluate(Digits, backend, real)
