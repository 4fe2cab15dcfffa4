from __future__ import annotations

import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm


def random_model(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(PORTS), draws.shape(1, 6)
    update = tuple(draws.integer(1, size) for size in shape)
    start = [draws.integer(-2, size + 1) for size in shape]
    inputs = [
        draws.tensor(shape, dtype),
        draws.tensor(update, dtype),
        constant(start, draws.one_of(("int32", "int64"))),
    ]
    return one_operator("DYNAMIC_UPDATE_SLICE", inputs, draws.tensor(shape, dtype))


def test_random_updates_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


@pytest.mark.parametrize(
    ("update", "start", "output", "why"),
    [
        ((5, 1), [0, 0], (4, 3), "an update of shape [5, 1]"),
        ((1,), [0, 0], (4, 3), "an update of rank 1 at 2 indices"),
        ((1, 1), [0], (4, 3), "an update of rank 2 at 1 indices"),
        ((1, 1), [0, 0], (3, 4), "the output has shape [3, 4], not [4, 3]"),
    ],
)
def test_updates_that_do_not_fit_are_an_error(
    update: tuple[int, ...], start: list[int], output: tuple[int, ...], why: str
) -> None:
    inputs = [tensor((4, 3)), tensor(update), whole(start)]
    assert why in refusal(one_operator("DYNAMIC_UPDATE_SLICE", inputs, tensor(output)))


def test_a_computed_start_is_refused() -> None:
    inputs = [tensor((4, 3)), tensor((1, 1)), tensor((2,), "int32")]
    assert "computed at run time" in refusal(one_operator("DYNAMIC_UPDATE_SLICE", inputs, tensor((4, 3))))
