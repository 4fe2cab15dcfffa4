from __future__ import annotations

import pytest

from tests.operators.movement import PORTS, check_moves, refusal
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


@pytest.mark.parametrize(
    ("output", "axis", "count", "why"),
    [
        ((2, 3), 0, 1, "values_count is 1, and there are 2 inputs"),
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
