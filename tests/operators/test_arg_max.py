"""ARG_MAX and ARG_MIN against TFLM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators.reductions import axes_operand, check, shapes, without
from tests.support.against_tflm import assert_equals_tflm
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm

OPERATORS = ("ARG_MAX", "ARG_MIN")


@st.composite
def models(draw: st.DrawFn, operator: str, dtype: str) -> bytes:
    shape = draw(shapes(least_rank=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    output = tensor(without(shape, [axis], draw(st.booleans())), "int32")
    return one_operator(operator, [tensor(shape, dtype), axes_operand(draw, [axis])], output)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_any_axis_equals_tflm(operator: str, dtype: str, tflm: Tflm) -> None:
    check(tflm, models(operator, dtype))


@pytest.mark.parametrize("operator", OPERATORS)
def test_nan_and_equal_elements_are_where_tflm_sees_them(operator: str, tflm: Tflm) -> None:
    model = one_operator(operator, [tensor((4, 3), "float32"), constant(1, "int32")], tensor((4,), "int32"))
    nan, infinity = np.nan, np.inf
    rows = [[nan, 1, 2], [1, nan, 2], [-infinity, nan, -infinity], [nan, nan, nan]]
    more = [[infinity, nan, 1], [0.0, -0.0, 0.0], [-0.0, 0.0, nan], [2, 2, 1]]
    assert_equals_tflm(model, [[np.array(batch, np.float32)] for batch in (rows, more)], tflm)


@pytest.mark.parametrize(("axes", "reason"), [([2], "axis 2 does not exist"), ([-3], "axis -3"), ([1, 0], "2 axes")])
@pytest.mark.parametrize("operator", OPERATORS)
def test_an_axis_that_tflm_does_not_check_is_refused(operator: str, axes: list[int], reason: str) -> None:
    model = one_operator(operator, [tensor((2, 3)), constant(axes, "int32")], tensor((2,), "int32"))
    with pytest.raises(UnsupportedModelError, match=reason):
        load_program(model)
