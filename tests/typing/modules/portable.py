"""Understood by every checker, without a plugin: `# M:` announces mypy's errors, `# P:` pyright's."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core import KernelBackend
from ember_infer_macros import QuantizedModel, Session, ember_model
from ember_infer_ref import RefBackend


@ember_model("digits.tflite")
class Digits(QuantizedModel): ...


backend = RefBackend()
length: int = Digits.input_len()
length += 1
text: str = Digits.input_len()  # M: assignment  # P: reportAssignmentType
shape: tuple[int, ...] = Digits.input_shape()
scratch: int = Digits.scratch_len[RefBackend]()
Digits.scratch_len[int]()  # M: index  # P: reportArgumentType
x = np.zeros(Digits.input_len(), np.int8)
y = np.empty(Digits.output_len(), np.int8)
real = np.zeros(Digits.input_len(), np.float32)
Digits.predict_quantized(backend, x, y)
Digits.predict_quantized("backend", x, y)  # M: arg-type  # P: reportArgumentType
Digits.predict_quantized(backend, "input", y)  # M: arg-type  # P: reportArgumentType
Digits.predict_quantized(backend, x, b"0123456789")  # M: arg-type  # P: reportArgumentType
probabilities: npt.NDArray[np.float32] = Digits.predict(backend, real)
best: int = int(Digits.predict(backend, real).argmax())
first, second = Digits.predict(backend, real)
Digits.predict(backend, real).nonsense()  # M: union-attr  # P: reportAttributeAccessIssue
session: Session = Digits.bind(backend)
session.run(64)  # M: arg-type  # P: reportArgumentType
session.input = session.output  # M: misc  # P: reportAttributeAccessIssue
session.state = session.state
session.state = b"bytes"  # M: assignment  # P: reportAttributeAccessIssue
stateful: bool = Digits.is_stateful
bytes_of_state: int = Digits.state_len()
Digits.predict_sequence(backend)  # M: call-arg  # P: reportCallIssue
Digits.nothing()  # M: attr-defined  # P: reportAttributeAccessIssue


def evaluate(model: type[QuantizedModel], backend: KernelBackend, real: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return model.predict(backend, real)


evaluate(Digits, backend, real)
