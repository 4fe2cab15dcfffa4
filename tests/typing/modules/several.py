"""A model with inputs (2, 3) and (6,), and two outputs."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from ember_infer import RefBackend, ember_model


@ember_model("two_and_two.tflite")
class TwoAndTwo: ...


backend = RefBackend()
default: Literal[6] = TwoAndTwo.input_len()
first: Literal[6] = TwoAndTwo.input_len(0)
second: Literal[3] = TwoAndTwo.input_len(1)
named: Literal[3] = TwoAndTwo.input_len(index=1)
wrong: Literal[6] = TwoAndTwo.input_len(1)  # E: assignment
same: Literal[6] = TwoAndTwo.output_len(1)
for index in range(2):
    length: int = TwoAndTwo.input_len(index)
    shape: tuple[int, ...] = TwoAndTwo.input_shape(index)
rows, columns = TwoAndTwo.input_shape(0)
(only,) = TwoAndTwo.input_shape(1)
zero: Literal[-3] = TwoAndTwo.input_zero_point()

total, product = TwoAndTwo.predict(backend, ([[1, 2, 3]] * 2, [1, 2, 3]))
total_is: npt.NDArray[np.float32] = total
one: npt.NDArray[np.float32] = TwoAndTwo.predict(backend, ([[1, 2, 3]] * 2, [1, 2, 3]))  # E: assignment
a, b, c = TwoAndTwo.predict_batch(backend, [np.zeros((1, 2, 3), np.int8), np.zeros((1, 3), np.int8)])  # E: misc

names: tuple[str, ...] = TwoAndTwo.input_names()
by_name = {"a": np.zeros((1, 2, 3), np.int8), "b": np.zeros((1, 3), np.int8)}
total_8, product_8 = TwoAndTwo.predict_batch(backend, by_name)
numbered = {0: np.zeros((1, 2, 3), np.int8), 1: np.zeros((1, 3), np.int8)}
TwoAndTwo.predict_batch(backend, numbered)  # E: arg-type
