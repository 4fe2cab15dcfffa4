"""Functions of one float32, as they stand between DEQUANTIZE and QUANTIZE in INT8 models."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import strategies as st

from ember_infer_core import InvalidShape
from ember_infer_core.ops.float_functions import prepare
from ember_infer_tools.tflite_writer import ModelWriter
from tests.operators.lookup import shapes
from tests.support.against_tflm import REFUSED_BY_BOTH, assert_equals_tflm, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import one_operator, tensor, write_tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

# What IEEE 754 defines to the last bit, and what comes from a C library.
EXACT = ("ABS", "CEIL", "FLOOR", "HARD_SWISH", "LEAKY_RELU", "NEG", "RELU", "RELU6", "ROUND", "RSQRT", "SQRT", "SQUARE")
FROM_A_LIBRARY = ("COS", "ELU", "EXP", "LOG", "LOGISTIC", "SIN", "TANH")
FLOAT_ALONE = ("CEIL", "COS", "EXP", "FLOOR", "LOG", "NEG", "ROUND", "SIN", "SQRT", "SQUARE")
SPECIAL = (0.0, -0.0, math.inf, -math.inf, math.nan, 1e-45, -1e-45, 3e38, -3e38, -9.0, 16.619047, 0.5, -0.5, 1.5, 6.0)


def options(operator: str) -> dict[str, Any]:
    return {"alpha": -0.3} if operator == "LEAKY_RELU" else {}


def model(operator: str, shape: tuple[int, ...]) -> bytes:
    return one_operator(operator, [tensor(shape, "float32")], tensor(shape, "float32"), **options(operator))


def ulp_of(operator: str) -> int:
    return 1 if operator in FROM_A_LIBRARY else 0


@pytest.mark.parametrize("operator", EXACT + FROM_A_LIBRARY)
def test_random_values_equal_tflm(operator: str, tflm: Tflm) -> None:
    def compare(case: tuple[tuple[int, ...], int, float]) -> str:
        shape, seed, largest = case
        batches = random_batches(model(operator, shape), seed, ranges={0: (-largest, largest)})
        return compare_with_tflm(model(operator, shape), batches, tflm, ulp=ulp_of(operator))

    largest = st.sampled_from((1e-3, 1.0, 20.0, 100.0, 1e10))
    drawn = st.tuples(shapes, st.integers(0, 2**32 - 1), largest)
    compare_drawn(drawn, compare, ordinary=100, wanted_share=1.0)


@pytest.mark.parametrize("operator", EXACT + FROM_A_LIBRARY)
def test_many_values_of_every_magnitude_equal_tflm(operator: str, tflm: Tflm) -> None:
    random = np.random.default_rng(11)
    any_bits = random.integers(0, 2**32, 50_000, np.uint32).view(np.float32)
    near_one = random.normal(size=50_000).astype(np.float32)
    quarters = np.arange(-400, 401, dtype=np.float32) / 4
    values: npt.NDArray[np.float32] = np.concatenate([any_bits, near_one, quarters, np.array(SPECIAL, np.float32)])
    assert_equals_tflm(model(operator, values.shape), [[values]], tflm, ulp=ulp_of(operator))


@pytest.mark.parametrize("operator", FLOAT_ALONE)
def test_int8_is_refused_as_tflm_does(operator: str, tflm: Tflm) -> None:
    quantised = one_operator(operator, [tensor((4,))], tensor((4,)))
    assert compare_with_tflm(quantised, random_batches(quantised), tflm) == REFUSED_BY_BOTH


@pytest.mark.parametrize("operator", EXACT + FROM_A_LIBRARY)
def test_between_dequantize_and_quantize_the_bytes_equal_tflm(operator: str, tflm: Tflm) -> None:
    writer = ModelWriter()
    dtypes = ("int8", "float32", "float32", "int8")
    first, real, result, last = (write_tensor(writer, f"t{n}", tensor((256,), d)) for n, d in enumerate(dtypes))
    writer.operator("DEQUANTIZE", [first], [real])
    writer.operator(operator, [real], [result], **options(operator))
    writer.operator("QUANTIZE", [result], [last])
    island = writer.finish([first], [last], "island")
    assert_equals_tflm(island, [[np.arange(-128, 128).astype(np.int8)]], tflm)


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(InvalidShape, match=r"shapes \[2, 3\] and \[6\] must be equal"):
        prepare(input_shape=(2, 3), output_shape=(6,))
