"""LOG_SOFTMAX against TFLM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import KernelBackend, KernelError, UnsupportedModelError
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from tests.operators.reductions import check, scales, shapes, zero_points
from tests.support.against_tflm import assert_equals_tflm
from tests.support.backends import every_backend
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, one_operator, tensor
from tests.support.tflm import Tflm

Shape = tuple[int, ...]


def output(shape: Shape) -> Tensor:
    return tensor(shape, scale=1 / 16, zero_point=127)


@st.composite
def models(draw: st.DrawFn) -> bytes:
    shape = draw(shapes(least_rank=1))
    scale = draw(scales(draw(st.integers(1, 4)) == 1))
    return one_operator("LOG_SOFTMAX", [tensor(shape, scale=scale, zero_point=draw(zero_points))], output(shape))


@st.composite
def float_models(draw: st.DrawFn) -> bytes:
    shape = draw(shapes(least_rank=1))
    return one_operator("LOG_SOFTMAX", [tensor(shape, "float32")], tensor(shape, "float32"))


def test_rows_of_any_scale_equal_tflm(tflm: Tflm) -> None:
    check(tflm, models(), share=0.5)


def test_float_rows_are_within_one_ulp_of_tflm(tflm: Tflm) -> None:
    check(tflm, float_models(), ulp=1)


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("magnitude", [1e-3, 0.1, 1.0, 20.0])
def test_many_float_rows_of_a_magnitude_are_within_one_ulp_of_tflm(magnitude: float, classes: int, tflm: Tflm) -> None:
    """As many as it takes: where a logarithm that C rounds the other way meets a tie is one element in 100,000."""
    shape = (20_000, classes)
    model = one_operator("LOG_SOFTMAX", [tensor(shape, "float32")], tensor(shape, "float32"))
    rows = np.random.default_rng(1).normal(0, magnitude, shape).astype(np.float32)
    assert_equals_tflm(model, [[rows]], tflm, ulp=1)


@pytest.mark.parametrize("classes", [1, 2, 1000, 4095])
@pytest.mark.parametrize("scale", [2.0**-26, 1e-4, 0.01, 0.1, 1.0, 15.0, 100.0])
def test_short_and_long_rows_equal_tflm(classes: int, scale: float, tflm: Tflm) -> None:
    model = one_operator("LOG_SOFTMAX", [tensor((2, classes), scale=scale * 1.1)], output((2, classes)))
    assert_equals_tflm(model, random_batches(model, classes), tflm)


def test_infinite_and_huge_float_elements_equal_tflm(tflm: Tflm) -> None:
    model = one_operator("LOG_SOFTMAX", [tensor((5, 2), "float32")], tensor((5, 2), "float32"))
    rows = [[0.0, -0.0], [-np.inf, 0.0], [np.inf, 1.0], [3e38, -3e38], [np.nan, 1.0]]
    assert_equals_tflm(model, [[np.array(rows, np.float32)]], tflm, ulp=1)


@pytest.mark.parametrize("classes", [4096, 5000, 20000])
@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_rows_too_long_for_equal_elements_equal_tflm(classes: int, scale: float, tflm: Tflm) -> None:
    model = one_operator("LOG_SOFTMAX", [tensor((2, classes), scale=scale)], output((2, classes)))
    rows = np.random.default_rng(classes).integers(-128, 128, (3, 2, classes)).astype(np.int8)
    assert_equals_tflm(model, [[inputs] for inputs in rows], tflm)


def test_the_largest_sum_of_a_row_equals_tflm(tflm: Tflm) -> None:
    rows = np.full((1, 4096), 5, np.int8)
    rows[0, 17] = -128  # its exponential is below one: the sum is what 4095 equal elements have
    model = one_operator("LOG_SOFTMAX", [tensor((1, 4096), scale=1.0)], output((1, 4096)))
    assert_equals_tflm(model, [[rows]], tflm)


@pytest.mark.parametrize("backend", [*every_backend(), NativeBackend()], ids=lambda backend: type(backend).__name__)
def test_a_sum_that_overflows_is_an_error_of_that_run_alone(backend: KernelBackend) -> None:
    program = load_program(one_operator("LOG_SOFTMAX", [tensor((2, 4096))], output((2, 4096))))
    executable = backend.compile(program)
    executable.inputs[0][...] = np.random.default_rng(3).integers(-128, 128, (2, 4096))
    executable.run()
    before = executable.outputs[0].copy()
    kept = executable.inputs[0].copy()
    executable.inputs[0][1] = 5
    with pytest.raises(KernelError, match="sum of a row's exponentials overflows"):
        executable.run()
    executable.inputs[0][...] = kept
    executable.run()
    np.testing.assert_array_equal(executable.outputs[0], before)


@pytest.mark.parametrize(("scale", "zero_point"), [(1 / 8, 127), (1 / 16, 126)])
def test_another_output_quantisation_is_refused(scale: float, zero_point: int) -> None:
    result = tensor((2, 3), scale=scale, zero_point=zero_point)
    with pytest.raises(UnsupportedModelError, match="must be 1/16 and 127"):
        load_program(one_operator("LOG_SOFTMAX", [tensor((2, 3))], result))
