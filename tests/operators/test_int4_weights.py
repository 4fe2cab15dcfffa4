"""Weights of four bits against TFLM."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators import products
from tests.operators.products import check
from tests.support.against_tflm import compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm


def with_bias(operands: list[Tensor | None], bias: Tensor | None) -> list[Tensor | None]:
    return operands if bias is None else [*operands, bias]


@st.composite
def convolutions(draw: st.DrawFn, operator: str) -> bytes:
    channels, filters = draw(products.several_sizes(2))
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    depthwise = operator == "DEPTHWISE_CONV_2D"
    filters = channels if depthwise else filters
    shape = (1, rows, columns, channels) if depthwise else (filters, rows, columns, channels)
    input = draw(products.activation((draw(st.integers(1, 2)), 6, 5, channels)))
    weights = draw(products.weights(shape, "int4", channel_axis=3 if depthwise else 0))
    bias = draw(products.bias(filters, input.scales[0], weights.scales))
    terms = rows * columns * (1 if depthwise else channels)
    scale = float(np.median(weights.scales)) / 16
    output = draw(products.output((*input.shape[:3], filters), input.scales[0], scale, terms))
    options: dict[str, Any] = {
        "padding": "SAME",
        "stride_h": 1,
        "stride_w": 1,
        "activation": draw(products.activations),
    }
    if depthwise:
        options["depth_multiplier"] = 1
    return one_operator(operator, with_bias([input, weights], bias), output, **options)


@pytest.mark.parametrize("operator", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_convolutions_equal_tflm(operator: str, tflm: Tflm) -> None:
    check(tflm, convolutions(operator))


@st.composite
def layers(draw: st.DrawFn) -> bytes:
    depth, units = draw(products.several_sizes(2))
    input = draw(products.activation((draw(st.integers(1, 3)), depth)))
    weights = draw(products.weights((units, depth), "int4", channel_axis=-1))
    bias = draw(products.bias(units, input.scales[0], weights.scales))
    output = draw(products.output((input.shape[0], units), input.scales[0], weights.scales[0] / 16, depth))
    return one_operator("FULLY_CONNECTED", [input, weights, bias], output, activation=draw(products.activations))


def test_fully_connected_layers_equal_tflm(tflm: Tflm) -> None:
    check(tflm, layers())


def test_a_fully_connected_layer_with_several_scales_is_refused(tflm: Tflm) -> None:
    weights = constant([[1, -8], [7, 0]], "int4", [0.5, 0.25])
    model = one_operator("FULLY_CONNECTED", [tensor((1, 2)), weights, None], tensor((1, 2)))
    with pytest.raises(UnsupportedModelError, match="int4 weights must have one scale"):
        load_program(model)
    assert compare_with_tflm(model, random_batches(model), tflm) == "refused by both"
