from __future__ import annotations

import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm


def random_split(draws: Draws) -> bytes:
    dtype, shape, count = draws.one_of(PORTS), draws.shape(1, 5), draws.integer(1, 6)
    axis, written = draws.axis(len(shape))
    data = draws.tensor((*shape[:axis], shape[axis] * count, *shape[axis + 1 :]), dtype)
    outputs = [draws.tensor(shape, dtype) for _ in range(count)]
    numbers = whole(written) if draws.flag() else whole([written])
    return one_operator("SPLIT", [numbers, data], outputs, num_splits=count)


def random_split_v(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(PORTS), draws.shape(1, 5)
    axis, written = draws.axis(len(shape))
    sizes = [draws.integer(1, 4) for _ in range(draws.integer(1, 6))]
    data = draws.tensor((*shape[:axis], sum(sizes), *shape[axis + 1 :]), dtype)
    outputs = [draws.tensor((*shape[:axis], size, *shape[axis + 1 :]), dtype) for size in sizes]
    said = draws.one_of((sizes, [-1] * len(sizes), [99]))
    return one_operator("SPLIT_V", [data, whole(said), whole(written)], outputs, num_splits=len(sizes))


def test_random_splits_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_split, tflm)


def test_random_splits_into_sizes_equal_tflm_whatever_sizes_are_written(tflm: Tflm) -> None:
    check_moves(random_split_v, tflm)


@pytest.mark.parametrize(
    ("sizes", "axis", "why"),
    [
        ((3, 3), 2, "has no axis 2"),
        ((2, 4), 1, "outputs are of different shapes"),
        ((2, 2), 1, "along axis 1 the input has 6 indices, and the outputs 4"),
    ],
)
def test_outputs_that_do_not_fit_are_an_error(sizes: tuple[int, ...], axis: int, why: str) -> None:
    model = one_operator("SPLIT", [whole(axis), tensor((2, 6))], [tensor((2, size)) for size in sizes], num_splits=2)
    assert why in refusal(model)
