"""SOFTMAX from int8 to int16, and of float32, against TFLM; tests/test_against_tflm.py has int8 to int8."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators.reductions import check, scales, shapes, zero_points
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, one_operator, tensor
from tests.support.tflm import Tflm

Shape = tuple[int, ...]


def int16(shape: Shape, scale: float = 2.0**-16, zero_point: int = -32768) -> Tensor:
    return tensor(shape, "int16", scale, zero_point)


betas = st.sampled_from((1.0, 1.0, 0.5, 2.0, 10.0, 0.1)) | scales().map(lambda scale: float(np.float32(scale * 16)))


@st.composite
def models(draw: st.DrawFn, dtype: str) -> bytes:
    shape = draw(shapes(least_rank=1))
    if dtype == "float32":
        return one_operator("SOFTMAX", [tensor(shape, dtype)], tensor(shape, dtype), beta=draw(betas))
    input = tensor(shape, scale=draw(scales(draw(st.integers(1, 4)) == 1)), zero_point=draw(zero_points))
    return one_operator("SOFTMAX", [input], int16(shape), beta=draw(betas))


def test_int16_results_equal_tflm(tflm: Tflm) -> None:
    check(tflm, models("int8"), share=0.7)


def test_float_results_are_within_one_ulp_of_tflm(tflm: Tflm) -> None:
    check(tflm, models("float32"), ulp=1)


@pytest.mark.parametrize("classes", [1, 64, 65, 511, 512, 4095, 4096, 5000, 8191, 9000])
def test_short_and_long_rows_equal_tflm(classes: int, tflm: Tflm) -> None:
    model = one_operator("SOFTMAX", [tensor((1, classes), scale=0.03)], int16((1, classes)), beta=1.0)
    assert_equals_tflm(model, random_batches(model, classes), tflm)


def test_infinite_and_huge_float_elements_equal_tflm(tflm: Tflm) -> None:
    model = one_operator("SOFTMAX", [tensor((5, 2), "float32")], tensor((5, 2), "float32"), beta=1.0)
    rows = [[0.0, -0.0], [-np.inf, 0.0], [np.inf, 1.0], [3e38, -3e38], [np.nan, 1.0]]
    assert_equals_tflm(model, [[np.array(rows, np.float32)]], tflm, ulp=1)


@pytest.mark.parametrize(("scale", "zero_point"), [(2.0**-16 * 1.0011, -32768), (2.0**-16, 0), (2.0**-15, -32768)])
def test_another_output_quantisation_is_refused(scale: float, zero_point: int) -> None:
    model = one_operator("SOFTMAX", [tensor((2, 3))], int16((2, 3), scale, zero_point), beta=1.0)
    with pytest.raises(UnsupportedModelError, match="must be 1/65536 and -32768"):
        load_program(model)


@pytest.mark.parametrize("factor", [1.0009, 0.9991])
def test_an_output_scale_close_to_the_one_wanted_equals_tflm(factor: float, tflm: Tflm) -> None:
    model = one_operator("SOFTMAX", [tensor((2, 3))], int16((2, 3), 2.0**-16 * factor), beta=1.0)
    assert_equals_tflm(model, random_batches(model), tflm)
