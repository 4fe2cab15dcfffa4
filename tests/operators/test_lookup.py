"""Functions of one int8, whole models against TFLM: all that their operators have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st

from ember_infer_core import ModelError
from ember_infer_macros import load_program
from tests.operators.lookup import (
    Quantisation,
    Shape,
    every_value,
    extreme,
    model,
    natural,
    shapes,
)
from tests.operators.typed import scales
from tests.support.against_tflm import assert_equals_tflm, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import one_operator, tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

OPERATORS = ("ABS", "ELU", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "RELU", "RELU6", "RSQRT", "TANH")


def with_sigmoid_zero_point(quantisation: Quantisation) -> Quantisation:
    return replace(quantisation, output_zero_point=-128)


def of_no_negative_values(quantisation: Quantisation) -> Quantisation:
    return replace(quantisation, input_zero_point=-128)


# What TFLM insists on.
REQUIRED: dict[str, Callable[[Quantisation], Quantisation]] = {
    "LOGISTIC": with_sigmoid_zero_point,
    "RSQRT": of_no_negative_values,
}

signed = st.builds(lambda slope, sign: slope * sign, scales(-8, 2), st.sampled_from((1.0, 1.0, -1.0))) | st.just(0.0)
OPTIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {"LEAKY_RELU": st.fixed_dictionaries({"alpha": signed})}
NONE: st.SearchStrategy[dict[str, Any]] = st.just({})
SOME_OPTIONS: dict[str, dict[str, Any]] = {"LEAKY_RELU": {"alpha": 0.1}}


@st.composite
def cases(draw: st.DrawFn, operator: str, quantisations: st.SearchStrategy[Quantisation]) -> tuple[bytes, Shape]:
    quantisation, shape = draw(quantisations), draw(shapes)
    if operator in REQUIRED:
        quantisation = REQUIRED[operator](quantisation)
    return model(operator, quantisation, shape, **draw(OPTIONS.get(operator, NONE))), shape


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_value_equals_tflm(operator: str, tflm: Tflm) -> None:
    def compare(case: tuple[bytes, Shape]) -> str:
        file, shape = case
        return compare_with_tflm(file, every_value(shape), tflm)

    compare_drawn(cases(operator, natural()), compare, ordinary=100, wanted_share=1.0)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_another_shape_of_as_many_elements_means_nothing(operator: str, dtype: str, tflm: Tflm) -> None:
    scale = 1 / 16 if dtype == "int8" else None
    input, output = tensor((2, 12), dtype, scale, -128), tensor((4, 3, 2), dtype, scale, -128)
    reshaped = one_operator(operator, [input], output, **SOME_OPTIONS.get(operator, {}))
    assert_equals_tflm(reshaped, random_batches(reshaped), tflm, ulp=1)


@pytest.mark.parametrize("operator", OPERATORS)
def test_another_number_of_elements_is_a_contradiction(operator: str) -> None:
    file = one_operator(operator, [tensor((6,))], tensor((4,), zero_point=-128), **SOME_OPTIONS.get(operator, {}))
    with pytest.raises(ModelError, match=r"shapes \[6\] and \[4\] must be equal"):
        load_program(file)


@pytest.mark.parametrize("operator", OPERATORS)
def test_extreme_scales_equal_tflm_or_are_refused(operator: str, tflm: Tflm) -> None:
    def compare(case: tuple[bytes, Shape]) -> str:
        file, shape = case
        return compare_with_tflm(file, every_value(shape), tflm, only_we_refuse=["undefined"])

    compare_drawn(cases(operator, extreme), compare, ordinary=30, deep=1000, wanted_share=0.0)
