from __future__ import annotations

import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.against_tflm import REFUSED_BY_BOTH, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.draws import Draws, whole
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm


def random_model(draws: Draws) -> bytes:
    dtype, shape = draws.one_of((*PORTS, "uint8", "bool")), draws.shape(1, 6)
    rank = len(shape)
    first = draws.integer(0, rank - 1)
    axes = list(range(first, draws.integer(first, rank - 1) + 1))
    written = [axes[place] - (rank if draws.flag() else 0) for place in draws.permutation(len(axes))]
    return one_operator("REVERSE_V2", [draws.tensor(shape, dtype), whole(written)], draws.tensor(shape, dtype))


def test_random_reversals_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


@pytest.mark.parametrize(
    ("rank", "axes", "why"),
    [
        (3, [0, 2], "not next to each other"),
        (3, [1, 1], "not next to each other"),
        (3, [3], "axes [3] of an input of rank 3"),
        (7, [0], "rank 7, and at most 6"),
    ],
)
def test_what_tflm_refuses_is_refused(rank: int, axes: list[int], why: str, tflm: Tflm) -> None:
    model = one_operator("REVERSE_V2", [tensor((2,) * rank), whole(axes)], tensor((2,) * rank))
    assert compare_with_tflm(model, random_batches(model), tflm) == REFUSED_BY_BOTH
    assert why in refusal(model)
