from __future__ import annotations

import numpy as np

from tests.operators.movement import check_moves, refusal
from tests.support.draws import Draws
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm


def random_model(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(("int8", "int16", "float32")), draws.shape(0, 5)

    def part() -> tuple[int, ...]:
        return tuple(draws.one_of((size, size, 1)) for size in shape)[draws.integer(0, len(shape)) :]

    shapes = [shape, part(), part()]
    condition, x, y = (shapes[place] for place in draws.permutation(3))
    inputs = [tensor(condition, "bool"), draws.tensor(x, dtype), draws.tensor(y, dtype)]
    if y != shape and draws.flag():
        inputs[2] = constant(np.full(y, draws.integer(-100, 100)), dtype)
    return one_operator("SELECT_V2", inputs, draws.tensor(shape, dtype))


def test_random_choices_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


def test_shapes_must_broadcast_to_the_output() -> None:
    inputs = [tensor((2, 1), "bool"), tensor((3,)), tensor((2, 3))]
    assert "do not broadcast to [2, 4]" in refusal(one_operator("SELECT_V2", inputs, tensor((2, 4))))
    inputs[1] = tensor((2,))
    assert "do not broadcast to [2, 3]" in refusal(one_operator("SELECT_V2", inputs, tensor((2, 3))))


def test_rank_6_is_refused_where_shapes_differ() -> None:
    six = (1, 1, 1, 1, 2, 3)
    inputs = [tensor(six, "bool"), tensor((3,)), tensor(six)]
    assert "broadcasts to rank 5 at most" in refusal(one_operator("SELECT_V2", inputs, tensor(six)))
