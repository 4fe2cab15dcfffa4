"""FULLY_CONNECTED with computed weights against TFLM."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators import products
from tests.operators.products import Shape, check
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm


@st.composite
def models(draw: st.DrawFn) -> bytes:
    leading: Shape = tuple(draw(st.lists(st.integers(1, 4), max_size=3)))
    (depth, units), extreme = draw(products.several_sizes(2)), draw(st.integers(1, 6)) == 1
    input = draw(products.activation((*leading, depth), extreme))
    if draw(st.integers(1, 4)) == 1:  # data that is known, and weights that are not
        data = np.random.default_rng(draw(products.seeds)).integers(-128, 128, input.shape, np.int8)
        input = constant(data, "int8", input.scales, input.zero_points)
    weights = draw(products.activation((units, depth), extreme))
    keep = draw(st.booleans())
    shape = (*leading, units) if keep else (math.prod(leading), units)
    output = draw(products.output(shape, input.scales[0], weights.scales[0], depth, extreme))
    bias = draw(products.bias(units, input.scales[0], weights.scales))
    activation = draw(products.activations)
    return one_operator("FULLY_CONNECTED", [input, weights, bias], output, keep_num_dims=keep, activation=activation)


def test_computed_weights_equal_tflm(tflm: Tflm) -> None:
    check(tflm, models())


def test_an_image_is_read_as_rows_as_long_as_the_computed_weights(tflm: Tflm) -> None:
    image, weights = tensor((2, 3, 4, 5), zero_point=-9), tensor((7, 60), zero_point=128 - 9)
    model = one_operator("FULLY_CONNECTED", [image, weights, None], tensor((2, 7), scale=2.0))
    assert_equals_tflm(model, random_batches(model), tflm)


def test_computed_weights_with_several_scales_are_refused() -> None:
    weights = tensor((2, 3), scale=[0.5, 0.25], zero_point=0)
    model = one_operator("FULLY_CONNECTED", [tensor((1, 3)), weights, None], tensor((1, 2)))
    with pytest.raises(UnsupportedModelError, match="has 2 scales, where one is wanted"):
        load_program(model)


def test_a_bias_of_another_scale_is_refused() -> None:
    bias = constant([1, 2], "int32", 3.0)
    model = one_operator("FULLY_CONNECTED", [tensor((1, 3)), tensor((2, 3)), bias], tensor((1, 2)))
    with pytest.raises(UnsupportedModelError, match=r"the bias has the scale 3.*refuses this too"):
        load_program(model)
