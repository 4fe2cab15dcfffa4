"""TRANSPOSE_CONV against TFLM."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import ModelError, UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators import products
from tests.operators.products import check
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm


@st.composite
def models(draw: st.DrawFn) -> bytes:
    batch, rows, columns = draw(st.integers(1, 3)), *(draw(st.integers(1, 7)) for _ in range(2))
    channels, filters = draw(products.several_sizes(2))
    taps = tuple(draw(st.integers(1, 5)) for _ in range(2))
    strides = tuple(draw(st.integers(1, 4)) for _ in range(2))
    padding, extreme = draw(st.sampled_from(("SAME", "VALID"))), draw(st.integers(1, 6)) == 1
    natural = [
        size * stride if padding == "SAME" else (size - 1) * stride + tap
        for size, stride, tap in zip((rows, columns), strides, taps, strict=True)
    ]
    # TFLM compares no sizes: pixels beyond the output are dropped, pixels that nothing reaches hold the bias.
    height, width = (
        natural if draw(st.integers(1, 3)) > 1 else (max(1, size + draw(st.integers(-9, 9))) for size in natural)
    )
    input = draw(products.activation((batch, rows, columns, channels), extreme))
    filter_ = draw(products.weights((filters, *taps, channels), "int8", extreme))
    bias = draw(products.bias(filters, input.scales[0], filter_.scales))
    terms = channels * max(1, taps[0] * taps[1] // (strides[0] * strides[1]))
    scale = float(np.median(filter_.scales))
    output = draw(products.output((batch, height, width, filters), input.scales[0], scale, terms, extreme))
    shape = constant(output.shape, "int32")
    operands: list[Tensor | None] = [shape, filter_, input] if bias is None else [shape, filter_, input, bias]
    options: dict[str, Any] = {"padding": padding, "stride_h": strides[0], "stride_w": strides[1]}
    return one_operator("TRANSPOSE_CONV", operands, output, activation=draw(products.activations), **options)


def test_any_filter_equals_tflm(tflm: Tflm) -> None:
    check(tflm, models())


def upsampling(shape: Tensor | None, output: tuple[int, ...] = (1, 4, 4, 2), stride: int = 2) -> bytes:
    filters = constant(np.arange(24).reshape(2, 2, 2, 3) * 9 - 100, scale=0.01)
    options: dict[str, Any] = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
    return one_operator("TRANSPOSE_CONV", [shape, filters, tensor((1, 2, 2, 3))], tensor(output), **options)


def test_the_shape_operand_is_ignored(tflm: Tflm) -> None:
    for content in ([1, 4, 4, 2], [9, -9, 0, 7], [3]):
        model = upsampling(constant(content, "int32"))
        assert_equals_tflm(model, random_batches(model), tflm)


@pytest.mark.parametrize("output", [(1, 4, 4, 3), (2, 4, 4, 2)])
def test_an_output_of_other_channels_or_batches_is_refused(output: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="contradict an output of shape"):
        load_program(upsampling(constant(output, "int32"), output))


def test_a_stride_of_0_is_refused() -> None:
    with pytest.raises(ModelError, match="stride_w is 0"):
        load_program(upsampling(constant([1, 4, 4, 2], "int32"), stride=0))


def test_a_stride_beyond_32_bits_is_refused() -> None:
    with pytest.raises(ModelError, match="overflow 32 bits"):
        load_program(upsampling(constant([1, 4, 4, 2], "int32"), stride=2**31 - 1))


def test_computed_weights_are_refused() -> None:
    operands = [constant([1, 4, 4, 2], "int32"), tensor((2, 2, 2, 3)), tensor((1, 2, 2, 3))]
    options: dict[str, Any] = {"padding": "SAME", "stride_h": 2, "stride_w": 2}
    with pytest.raises(UnsupportedModelError, match="computed at run time"):
        load_program(one_operator("TRANSPOSE_CONV", operands, tensor((1, 4, 4, 2)), **options))
