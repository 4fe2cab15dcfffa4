"""L2_NORMALIZATION against TFLM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import ModelError, UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators.reductions import check, scales, shapes, zero_points
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm


@st.composite
def models(draw: st.DrawFn) -> bytes:
    shape = draw(shapes(least_rank=1, highest_rank=4))
    input = tensor(shape, scale=draw(scales(True)), zero_point=draw(zero_points))
    return one_operator("L2_NORMALIZATION", [input], tensor(shape, scale=draw(scales()), zero_point=draw(zero_points)))


@st.composite
def float_models(draw: st.DrawFn) -> bytes:
    shape = draw(shapes(least_rank=1, highest_rank=4))
    return one_operator("L2_NORMALIZATION", [tensor(shape, "float32")], tensor(shape, "float32"))


def test_rows_of_any_zero_point_equal_tflm(tflm: Tflm) -> None:
    check(tflm, models())


def test_float_rows_equal_tflm(tflm: Tflm) -> None:
    check(tflm, float_models())


@pytest.mark.parametrize("size", [3, 100, 33_025, 33_026, 40_000, 66_052])
@pytest.mark.parametrize("zero_point", [-128, 0, 127])
def test_sums_of_squares_beyond_int32_equal_tflm(size: int, zero_point: int, tflm: Tflm) -> None:
    model = one_operator("L2_NORMALIZATION", [tensor((1, size), zero_point=zero_point)], tensor((1, size)))
    assert_equals_tflm(model, random_batches(model, size), tflm)


def test_short_float_rows_are_divided_by_a_millionth(tflm: Tflm) -> None:
    model = one_operator("L2_NORMALIZATION", [tensor((5, 2), "float32")], tensor((5, 2), "float32"))
    rows = [[0.0, -0.0], [1e-7, 0.0], [1e-30, 1e-30], [3e20, 3e20], [np.nan, 1.0]]
    assert_equals_tflm(model, [[np.array(rows, np.float32)]], tflm)


def test_what_tflm_refuses_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="rank above 4"):
        load_program(one_operator("L2_NORMALIZATION", [tensor((1, 1, 1, 2, 3))], tensor((1, 1, 1, 2, 3))))
    with pytest.raises(UnsupportedModelError, match="fused activation RELU"):
        load_program(one_operator("L2_NORMALIZATION", [tensor((2, 3))], tensor((2, 3)), activation="RELU"))
    with pytest.raises(UnsupportedModelError, match="scalar has no rows"):
        load_program(one_operator("L2_NORMALIZATION", [tensor(())], tensor(())))


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ModelError, match=r"shapes \[2, 3\] and \[6\] must be equal"):
        load_program(one_operator("L2_NORMALIZATION", [tensor((2, 3))], tensor((6,))))
