from __future__ import annotations

import pytest

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.draws import Draws
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm


def random_pack(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(PORTS), draws.shape(0, 4)
    axis, written = draws.axis(len(shape) + 1)
    inputs = [draws.tensor(shape, dtype) for _ in range(draws.integer(1, 12))]
    inputs += inputs[: draws.integer(0, 1)]
    output = draws.tensor((*shape[:axis], len(inputs), *shape[axis:]), dtype)
    return one_operator("PACK", inputs, output, axis=written, values_count=len(inputs))


def random_unpack(draws: Draws) -> bytes:
    dtype, shape, count = draws.one_of(PORTS), draws.shape(0, 4), draws.integer(1, 7)
    axis, written = draws.axis(len(shape) + 1)
    outputs = [draws.tensor(shape, dtype) for _ in range(count)]
    data = draws.tensor((*shape[:axis], count, *shape[axis:]), dtype)
    return one_operator("UNPACK", [data], outputs, axis=written, num=count)


def test_random_packs_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_pack, tflm)


def test_random_unpacks_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_unpack, tflm)


def test_packs_of_the_first_inputs_alone_equal_tflm(tflm: Tflm) -> None:
    inputs = [tensor((3,)), tensor((3,)), tensor((3,))]
    model = one_operator("PACK", inputs, tensor((2, 3)), axis=0, values_count=2)
    assert_equals_tflm(model, random_batches(model), tflm)


def test_outputs_of_an_unpack_that_nothing_writes_are_named() -> None:
    outputs = [tensor((3,)), tensor((3,)), tensor((3,))]
    with pytest.raises(UnsupportedModelError, match="num is 2, and nothing writes the rest of 3 outputs"):
        load_program(one_operator("UNPACK", [tensor((2, 3))], outputs, axis=0, num=2))


@pytest.mark.parametrize(
    ("output", "axis", "count", "why"),
    [
        ((3, 3), 0, 3, "values_count is 3, and there are 2 inputs"),
        ((3, 3), 0, 2, "axis 0 of the output has 3 indices, for 2 tensors"),
        ((2, 3), 2, 2, "has no axis 2"),
        ((2, 4), 0, 2, "do not fill shape"),
    ],
)
def test_packs_that_contradict_themselves_are_an_error(
    output: tuple[int, ...], axis: int, count: int, why: str
) -> None:
    inputs = [tensor((3,)), tensor((3,))]
    assert why in refusal(one_operator("PACK", inputs, tensor(output), axis=axis, values_count=count))
