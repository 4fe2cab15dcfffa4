"""DEQUANTIZE, held to TFLM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.operators.typed import every_value, scales, shapes, tensors
from tests.support.against_tflm import assert_equals_tflm, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

SCALES = st.one_of(scales(), scales(), scales(-126, 120))


@pytest.mark.parametrize("source", ["int8", "uint8", "int16"])
def test_it_equals_tflm(source: str, tflm: Tflm) -> None:
    def compare(case: tuple[Tensor, int]) -> str:
        input, seed = case
        shape = input.shape
        model = one_operator("DEQUANTIZE", [input], tensor(shape, "float32"))
        batches = random_batches(model, seed)
        if source != "int16":
            batches += every_value(shape, source)
        return compare_with_tflm(model, batches, tflm)

    inputs = shapes.flatmap(lambda shape: tensors(shape, source, SCALES))
    compare_drawn(st.tuples(inputs, st.integers(0, 2**32 - 1)), compare, ordinary=100, deep=1000, wanted_share=1.0)


def test_a_tensor_with_several_scales_uses_the_first(tflm: Tflm) -> None:
    weights = constant(np.arange(6).reshape(2, 3), scale=(0.5, 0.25), zero_point=(0, 0))
    model = one_operator("DEQUANTIZE", [weights], tensor((2, 3), "float32"))
    assert_equals_tflm(model, [[]], tflm)


@pytest.mark.parametrize("source", ["int32", "float32", "bool"])
def test_other_types_are_refused_as_in_tflm(source: str, tflm: Tflm) -> None:
    model = one_operator("DEQUANTIZE", [tensor((4,), source, 0.5)], tensor((4,), "float32"))
    assert compare_with_tflm(model, random_batches(model), tflm) == "refused by both"


def test_real_values_beyond_float32_are_infinite_and_warn_of_nothing(tflm: Tflm) -> None:
    model = one_operator("DEQUANTIZE", [tensor((256,), "int8", 2.0**126)], tensor((256,), "float32"))
    assert_equals_tflm(model, [[np.arange(-128, 128).astype(np.int8)]], tflm)
