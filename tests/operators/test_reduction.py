"""REDUCE_MAX, REDUCE_MIN and REDUCE_ALL against TFLM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators.reductions import axes, axes_operand, check, scales, shapes, without, zero_points
from tests.support.against_tflm import assert_equals_tflm
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm


@st.composite
def models(draw: st.DrawFn, operator: str, dtype: str) -> bytes:
    shape = draw(shapes())
    chosen = draw(axes(len(shape)))
    scale, zero_point = (draw(scales()), draw(zero_points)) if dtype == "int8" else (None, 0)
    return one_operator(
        operator,
        [tensor(shape, dtype, scale, zero_point), axes_operand(draw, chosen)],
        tensor(without(shape, chosen, draw(st.booleans())), dtype, scale, zero_point),
        keep_dims=draw(st.booleans()),
    )


@pytest.mark.parametrize("operator", ["REDUCE_MAX", "REDUCE_MIN"])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_any_axes_equal_tflm(operator: str, dtype: str, tflm: Tflm) -> None:
    check(tflm, models(operator, dtype))


def test_any_axes_of_truth_values_equal_tflm(tflm: Tflm) -> None:
    check(tflm, models("REDUCE_ALL", "bool"))


@pytest.mark.parametrize("operator", ["REDUCE_MAX", "REDUCE_MIN"])
def test_nan_infinities_and_zeros_equal_tflm(operator: str, tflm: Tflm) -> None:
    nan, infinity = np.nan, np.inf
    rows = [[nan, 1, 2], [1, nan, 2], [-infinity, nan, -infinity], [infinity, infinity, nan], [nan, nan, nan]]
    model = one_operator(operator, [tensor((5, 3), "float32"), constant(1, "int32")], tensor((5,), "float32"))
    assert_equals_tflm(model, [[np.array(rows, np.float32)]], tflm)


@pytest.mark.parametrize("operator", ["REDUCE_MAX", "REDUCE_MIN"])
def test_zeros_of_both_signs_are_as_good_as_tflms(operator: str, tflm: Tflm) -> None:
    model = one_operator(operator, [tensor((2, 2), "float32"), constant(1, "int32")], tensor((2,), "float32"))
    rows = [[0.0, -0.0], [-0.0, 0.0]]
    assert_equals_tflm(model, [[np.array(rows, np.float32)]], tflm, ulp=1)


@pytest.mark.parametrize("operator", ["REDUCE_MAX", "REDUCE_MIN"])
@pytest.mark.parametrize(("scale", "zero_point"), [(0.5, 1), (0.25, 0)])
def test_another_quantisation_of_the_output_is_refused(operator: str, scale: float, zero_point: int) -> None:
    operands = [tensor((2, 3), scale=0.5), constant([1], "int32")]
    model = one_operator(operator, operands, tensor((2,), scale=scale, zero_point=zero_point))
    with pytest.raises(UnsupportedModelError, match=r"input and output are quantised differently.*refuses this too"):
        load_program(model)


@pytest.mark.parametrize("operator", ["REDUCE_MAX", "REDUCE_MIN"])
def test_an_axis_that_the_input_does_not_have_is_refused(operator: str) -> None:
    model = one_operator(operator, [tensor((2, 3)), constant([2], "int32")], tensor((2,)))
    with pytest.raises(UnsupportedModelError, match=r"axis 2 does not exist.*refuses this too"):
        load_program(model)
