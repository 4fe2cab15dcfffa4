"""What holds for every elementwise operator of two tensors."""

from __future__ import annotations

import pytest

from ember_infer_core import ModelError, UnsupportedModelError
from ember_infer_macros.decorator import load_program
from tests.support.against_tflm import REFUSED_BY_BOTH, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm

PAIRS = ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "PRELU", "EQUAL", "LESS")


def of_shapes(operator: str, *shapes: tuple[int, ...], dtype: str = "int8") -> bytes:
    first, second, output = shapes
    answer = "bool" if operator in ("EQUAL", "LESS") else dtype
    return one_operator(operator, [tensor(first, dtype), tensor(second, dtype)], tensor(output, answer))


@pytest.mark.parametrize("operator", PAIRS)
def test_shapes_that_do_not_broadcast_contradict_each_other(operator: str) -> None:
    with pytest.raises(ModelError, match=rf"operator 0 {operator}.*\[2, 3\] and \[2\] do not broadcast to \[2, 3\]"):
        load_program(of_shapes(operator, (2, 3), (2,), (2, 3)))
    with pytest.raises(ModelError, match=r"\[2, 3\] and \[3\] do not broadcast to \[3, 2\]"):
        load_program(of_shapes(operator, (2, 3), (3,), (3, 2)))


@pytest.mark.parametrize("operator", PAIRS)
def test_a_rank_that_overruns_tflm_is_refused_with_the_reason(operator: str) -> None:
    shape = (1, 1, 1, 1, 1, 1, 2)
    with pytest.raises(UnsupportedModelError, match=rf"operator 0 {operator}: .*rank 6.*rank 7"):
        load_program(of_shapes(operator, shape, shape, shape))


@pytest.mark.parametrize("operator", ["ADD", "SUB"])
def test_an_output_scale_too_fine_for_tflm_is_refused(operator: str, tflm: Tflm) -> None:
    model = one_operator(operator, [tensor((2,), scale=1.0), tensor((2,), scale=1.0)], tensor((2,), scale=2.0**-19))
    assert compare_with_tflm(model, random_batches(model), tflm) == REFUSED_BY_BOTH
    with pytest.raises(UnsupportedModelError, match=rf"operator 0 {operator}: the multiplier 1 is not between"):
        load_program(model)


@pytest.mark.parametrize("operator", ["EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"])
def test_comparing_at_a_scale_of_one_or_more_stops_tflm_and_is_refused(operator: str, tflm: Tflm) -> None:
    model = one_operator(operator, [tensor((2,), scale=0.5), tensor((2,), scale=1.0)], tensor((2,), "bool"))
    assert compare_with_tflm(model, random_batches(model), tflm) == REFUSED_BY_BOTH
    with pytest.raises(UnsupportedModelError, match=rf"operator 0 {operator}: .* is not between 0 and 1"):
        load_program(model)


@pytest.mark.parametrize(("operator", "where"), [("ADD", 1), ("SUB", 2), ("DIV", 0)])
def test_int32_with_a_scale_is_refused_as_tflm_refuses_it(operator: str, where: int, tflm: Tflm) -> None:
    tensors = [tensor((2,), "int32", 0.5 if position == where else None) for position in range(3)]
    model = one_operator(operator, tensors[:2], tensors[2])
    assert compare_with_tflm(model, random_batches(model, ranges={1: (1, 9)}), tflm) == REFUSED_BY_BOTH
    with pytest.raises(UnsupportedModelError, match=rf"tensor {where} .* is quantised; .* refuses"):
        load_program(model)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ([tensor((2,))], "two inputs or more"),
        ([tensor((2,), scale=0.5), constant([1, 2], scale=0.25)], "differ in scale or zero point"),
        ([tensor((2,), scale=0.5), tensor((2,), scale=0.5, zero_point=1)], "differ in scale or zero point"),
        ([tensor((2,)), tensor((1,))], r"input 1 has shape \[1\], and the output \[2\]"),
    ],
)
def test_what_add_n_does_not_take_is_refused_as_tflm_refuses_it(inputs: list[Tensor], reason: str, tflm: Tflm) -> None:
    model = one_operator("ADD_N", inputs, tensor((2,)))
    assert compare_with_tflm(model, random_batches(model), tflm) == REFUSED_BY_BOTH
    with pytest.raises(ModelError, match=reason):
        load_program(model)
