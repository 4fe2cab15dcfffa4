from __future__ import annotations

import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.against_tflm import REFUSED_BY_BOTH, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.draws import Draws
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm


def random_model(draws: Draws) -> bytes:
    dtype = draws.one_of(PORTS)
    shape = draws.shape(1, 5)
    axis, written = draws.axis(len(shape))
    first = draws.tensor(shape, dtype)
    inputs = [first]
    for _ in range(draws.integer(0, 9)):
        size = draws.integer(1, 4)
        other = draws.tensor((*shape[:axis], size, *shape[axis + 1 :]), dtype, like=first)
        inputs.append(draws.one_of((other, other, first)))
    total = sum(item.shape[axis] for item in inputs)
    output = draws.tensor((*shape[:axis], total, *shape[axis + 1 :]), dtype, like=first)
    return one_operator("CONCATENATION", inputs, output, axis=written)


def test_random_concatenations_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


def test_a_constant_is_an_input_as_any_other(tflm: Tflm) -> None:
    pieces = [constant([[1], [2]], scale=0.5), tensor((2, 2), scale=0.5)]
    model = one_operator("CONCATENATION", pieces, tensor((2, 3), scale=0.5), axis=1)
    assert compare_with_tflm(model, random_batches(model), tflm) == "equal"


def both(scale: float, zero_point: int) -> list[Tensor]:
    return [tensor((2, 3), scale=0.5), tensor((2, 3), scale=scale, zero_point=zero_point)]


@pytest.mark.parametrize(
    ("inputs", "activation", "why"),
    [
        (both(0.25, 0), "NONE", "input 1 is quantised otherwise than the output"),
        (both(0.5, 1), "NONE", "input 1 is quantised otherwise than the output"),
        (both(0.5, 0), "RELU", "it has a fused activation"),
        ([tensor((1, 3), scale=0.5)] * 11, "NONE", "11 inputs, and at most 10 are wanted"),
    ],
)
def test_what_tflm_refuses_is_refused(inputs: list[Tensor], activation: str, why: str, tflm: Tflm) -> None:
    rows = sum(item.shape[0] for item in inputs)
    model = one_operator("CONCATENATION", inputs, tensor((rows, 3), scale=0.5), axis=0, activation=activation)
    assert compare_with_tflm(model, random_batches(model), tflm) == REFUSED_BY_BOTH
    assert why in refusal(model)


@pytest.mark.parametrize(
    ("output", "axis", "why"),
    [
        ((4, 4), 0, "do not fill shape"),
        ((5, 3), 0, "along axis 0 the inputs have 4 indices, and the output 5"),
        ((4, 3), 2, "has no axis 2"),
        ((12,), 0, "has another rank than the output"),
    ],
)
def test_contradictory_shapes_are_an_error(output: tuple[int, ...], axis: int, why: str) -> None:
    model = one_operator("CONCATENATION", both(0.5, 0), tensor(output, scale=0.5), axis=axis)
    assert why in refusal(model)
