"""CUMSUM against TFLM, with the wrong start of its int8 sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators.reductions import axes_operand, check, near, scales, shapes, zero_points
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm


@st.composite
def models(draw: st.DrawFn, dtype: str) -> bytes:
    shape = draw(shapes(least_rank=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    input, output = tensor(shape, dtype), tensor(shape, dtype)
    if dtype == "int8":
        scale = draw(scales())
        input = tensor(shape, scale=scale, zero_point=draw(zero_points))
        output = tensor(shape, scale=draw(near(scale)), zero_point=draw(zero_points))
    options = {"exclusive": draw(st.booleans()), "reverse": draw(st.booleans())}
    return one_operator("CUMSUM", [input, axes_operand(draw, [axis])], output, **options)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_any_axis_and_direction_equals_tflm(dtype: str, tflm: Tflm) -> None:
    check(tflm, models(dtype))


def test_sums_beyond_int32_wrap_as_tflms_do(tflm: Tflm) -> None:
    operands = [tensor((1, 4000), scale=0.5, zero_point=-128), constant(1, "int32")]
    model = one_operator("CUMSUM", operands, tensor((1, 4000), scale=300.0))
    assert_equals_tflm(model, random_batches(model), tflm)


def test_a_float_sum_is_never_minus_zero(tflm: Tflm) -> None:
    for options in ({}, {"exclusive": True}):
        operands = [tensor((3,), "float32"), constant(0, "int32")]
        model = one_operator("CUMSUM", operands, tensor((3,), "float32"), **options)
        assert_equals_tflm(model, [[np.full(3, -0.0, np.float32)]], tflm)


@pytest.mark.parametrize(("axes", "reason"), [([2], "axis 2 does not exist"), ([1, 0], "2 axes, where 1 is wanted")])
def test_axes_that_tflm_refuses_are_refused(axes: list[int], reason: str) -> None:
    model = one_operator("CUMSUM", [tensor((2, 3)), constant(axes, "int32")], tensor((2, 3)))
    with pytest.raises(UnsupportedModelError, match=rf"{reason}.*refuses this too"):
        load_program(model)
