"""With a stub, every checker knows every length."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from stubbed_models import Digits, Sine
from typing_extensions import assert_type

from ember_infer_macros import QuantizedModel
from ember_infer_ref import RefBackend


def evaluate(model: type[QuantizedModel]) -> int:
    return model.input_len()


assert_type(Digits.input_len(), Literal[64])
assert_type(Digits.input_shape(), tuple[Literal[1], Literal[8], Literal[8], Literal[1]])
assert_type(Digits.input_dtype(), np.dtype[np.int8])
assert_type(Digits.predict(RefBackend(), 1.0), npt.NDArray[np.float32])
assert_type(Digits.predict_batch(RefBackend(), np.zeros((2, 64), np.int8)), npt.NDArray[np.int8])
assert_type(Digits.threshold, float)
wrong: Literal[63] = Digits.input_len()  # M: assignment  # P: reportAssignmentType  # T: invalid-assignment  # F: bad-assignment
rows, columns = Digits.input_shape()  # M: misc  # P: reportAssignmentType  # T: invalid-assignment  # F: bad-unpacking
length = Digits.input_len()
length += 1  # M: assignment
best = int(Digits.predict(RefBackend(), 1.0).argmax())
real = np.zeros(64, np.float32)
Digits.predict_quantized(RefBackend(), real, np.zeros(10, np.int8))  # M: arg-type  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-argument-type
Digits.scratch_len[int]()  # M: index  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-index
Digits.input_len("first")  # M: arg-type  # P: reportArgumentType  # T: invalid-argument-type  # F: bad-argument-type
evaluate(Sine)
