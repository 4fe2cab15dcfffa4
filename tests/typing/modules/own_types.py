"""Models that do not take and give int8: floats at both ends, and several types at once."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from ember_infer_macros import ember_model
from ember_infer_ref import RefBackend


@ember_model("floats.tflite")
class Floats: ...


@ember_model("mixed.tflite")
class Mixed: ...


backend = RefBackend()
x = np.zeros(4, np.float32)
y = np.zeros(4, np.float32)
q = np.zeros(4, np.int8)
k = np.zeros(2, np.int16)
n = np.zeros(2, np.int32)

Floats.predict_quantized(backend, x, y)
Floats.predict_quantized(backend, q, y)  # E: arg-type
Floats.predict_quantized(backend, x, q)  # E: arg-type
Floats.predict_quantized(backend, np.zeros(4), y)  # E: arg-type
Floats.predict_quantized_with_scratch(backend, q, y, bytearray())  # E: arg-type
batch: npt.NDArray[np.float32] = Floats.predict_batch(backend, x.reshape(1, 4))
real: npt.NDArray[np.float32] = Floats.predict(backend, [1, 2, 3, 4])
same: npt.NDArray[np.float32] = Floats.quantize([1, 2, 3, 4])
element: np.dtype[np.float32] = Floats.input_dtype()
scale: float = Floats.input_scale()
zero: Literal[0] = Floats.output_zero_point()

Mixed.predict_quantized(backend, [x, k], [q, n])
Mixed.predict_quantized(backend, [x, q], [q, n])  # E: list-item
first: np.dtype[np.float32] = Mixed.input_dtype()
second: np.dtype[np.int16] = Mixed.input_dtype(1)
wrong: np.dtype[np.float32] = Mixed.input_dtype(1)  # E: assignment
reals: tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]] = Mixed.predict(backend, [x, k])
own: tuple[npt.NDArray[np.int8], npt.NDArray[np.int32]] = Mixed.predict_batch(backend, [x, k])
zeros: tuple[Literal[0], Literal[5]] = (Mixed.input_zero_point(), Mixed.input_zero_point(1))
