"""MEAN and SUM against TFLM."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators.reductions import (
    axes,
    axes_operand,
    check,
    near,
    scales,
    shapes,
    without,
    zero_points,
)
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm

UNDEFINED = "what TensorFlow Lite Micro computes then is undefined"


@st.composite
def models(draw: st.DrawFn, operator: str) -> bytes:
    shape = draw(shapes())
    chosen = draw(axes(len(shape)))
    keep = draw(st.booleans())
    extreme = draw(st.integers(1, 4)) == 1
    scale = draw(scales(extreme))
    output_scale = draw(scales(extreme) if extreme else near(scale))
    return one_operator(
        operator,
        [tensor(shape, scale=scale, zero_point=draw(zero_points)), axes_operand(draw, chosen)],
        tensor(without(shape, chosen, keep), scale=output_scale, zero_point=draw(zero_points)),
        keep_dims=draw(st.booleans()),
    )


@pytest.mark.parametrize("operator", ["MEAN", "SUM"])
def test_any_axes_and_scales_equal_tflm(operator: str, tflm: Tflm) -> None:
    check(tflm, models(operator), only_we_refuse=[UNDEFINED])


@st.composite
def float_models(draw: st.DrawFn, operator: str) -> bytes:
    shape = draw(shapes())
    chosen = draw(axes(len(shape)))
    output = tensor(without(shape, chosen, draw(st.booleans())), "float32")
    operands = [tensor(shape, "float32"), axes_operand(draw, chosen)]
    return one_operator(operator, operands, output, keep_dims=draw(st.booleans()))


@st.composite
def int16_models(draw: st.DrawFn, operator: str) -> bytes:
    shape = draw(shapes())
    chosen = draw(axes(len(shape)))
    scale = draw(scales())
    operands = [tensor(shape, "int16", scale, draw(st.integers(-9, 9))), axes_operand(draw, chosen)]
    output = tensor(without(shape, chosen, False), "int16", draw(near(scale)), draw(st.integers(-9, 9)))
    return one_operator(operator, operands, output, keep_dims=draw(st.booleans()))


@pytest.mark.parametrize("operator", ["MEAN", "SUM"])
def test_float_sums_in_tflms_order_equal_tflm(operator: str, tflm: Tflm) -> None:
    check(tflm, float_models(operator))


@pytest.mark.parametrize("operator", ["MEAN", "SUM"])
def test_int16_sums_equal_tflm(operator: str, tflm: Tflm) -> None:
    check(tflm, int16_models(operator), only_we_refuse=[UNDEFINED])


@pytest.mark.parametrize("operator", ["MEAN", "SUM"])
def test_a_float_sum_is_never_minus_zero(operator: str, tflm: Tflm) -> None:
    model = one_operator(operator, [tensor((2, 3), "float32"), constant(1, "int32")], tensor((2,), "float32"))
    assert_equals_tflm(model, [[np.full((2, 3), -0.0, np.float32)]], tflm)


@pytest.mark.parametrize("count", [2, 3, 7, 49, 255, 256, 257, 65_535, 65_536, 100_000])
@pytest.mark.parametrize("operator", ["MEAN", "SUM"])
def test_short_and_long_sums_equal_tflm(operator: str, count: int, tflm: Tflm) -> None:
    for axis, shape in ((0, (count, 3)), (1, (2, count))):
        output = tensor(without(shape, [axis], False), scale=0.1 if operator == "MEAN" else 0.1 * count, zero_point=4)
        model = one_operator(operator, [tensor(shape, scale=0.07, zero_point=-7), constant([axis], "int32")], output)
        assert_equals_tflm(model, random_batches(model, count), tflm)


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 16, 24, 31, 32, 33, 63, 64, 96, 127, 128, 129, 160, 300])
@pytest.mark.parametrize("operator", ["MEAN", "SUM"])
def test_rows_and_channels_about_a_vectors_length_equal_tflm(operator: str, channels: int, tflm: Tflm) -> None:
    for pixels in ((2, 3), (16, 16), (257, 1), (19, 41)):
        scale = 0.01 if operator == "MEAN" else 0.01 * pixels[0] * pixels[1]
        operands = [tensor((1, *pixels, channels), scale=0.01, zero_point=-90), constant([1, 2], "int32")]
        model = one_operator(operator, operands, tensor((1, channels), scale=scale, zero_point=-90))
        assert_equals_tflm(model, random_batches(model, channels), tflm)


@pytest.mark.parametrize("axes_", [(0, 2), (1, 3), (0, 1, 3), (0, 2, 3), (2,), (0, 3)])
@pytest.mark.parametrize("operator", ["MEAN", "SUM"])
def test_axes_with_others_between_them_equal_tflm(operator: str, axes_: tuple[int, ...], tflm: Tflm) -> None:
    shape = (3, 20, 7, 34)
    operands = [tensor(shape, scale=0.1), constant(np.array(axes_), "int32")]
    model = one_operator(operator, operands, tensor(without(shape, axes_, False), scale=1.0))
    assert_equals_tflm(model, random_batches(model), tflm)


def image(axis: Any, output_shape: tuple[int, ...]) -> bytes:
    operands = [tensor((1, 4, 5, 3)), constant(np.array(axis, np.int32), "int32")]
    return one_operator("MEAN", operands, tensor(output_shape))


@pytest.mark.parametrize("axis", [-5, 4, 1000])
def test_an_axis_that_the_input_does_not_have_is_refused(axis: int) -> None:
    with pytest.raises(UnsupportedModelError, match=rf"axis {axis} does not exist in shape \[1, 4, 5, 3\]; .* zeros"):
        load_program(image([1, axis], (1, 5, 3)))


def test_an_output_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"without the axes \[1, 2\] does not fit into \[1, 4\]"):
        load_program(image([1, 2], (1, 4)))


def test_computed_axes_are_refused() -> None:
    model = one_operator("MEAN", [tensor((2, 3)), tensor((1,), "int32")], tensor((2,)))
    with pytest.raises(UnsupportedModelError, match="computed at run time"):
        load_program(model)


def test_a_long_list_of_axes_makes_no_long_message() -> None:
    with pytest.raises(UnsupportedModelError) as caught:
        load_program(image(list(range(100_000)), (1, 5, 3)))
    assert len(str(caught.value)) < 1000
