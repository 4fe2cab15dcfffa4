from __future__ import annotations

import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm

TYPES = tuple(dtype for dtype in PORTS if dtype in ("int8", "int16", "float32"))


def random_model(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(TYPES), draws.shape(1, 5, 6)
    perm = draws.permutation(len(shape))
    output = draws.tensor(tuple(shape[axis] for axis in perm), dtype)
    return one_operator("TRANSPOSE", [draws.tensor(shape, dtype), whole(perm)], output)


def test_random_transpositions_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


@pytest.mark.parametrize(
    ("perm", "output", "why"),
    [
        ([1, 2, 0], (4, 2, 3), "do not fill shape"),
        ([0, 1, 1], (2, 3, 3), "names an axis twice"),
        ([0, 1, -1], (2, 3, 4), "TensorFlow Lite Micro refuses this too"),
        ([1, 0], (3, 2), "TensorFlow Lite Micro refuses this too"),
    ],
)
def test_an_odd_permutation_is_an_error(perm: list[int], output: tuple[int, ...], why: str) -> None:
    assert why in refusal(one_operator("TRANSPOSE", [tensor((2, 3, 4)), whole(perm)], tensor(output)))


def test_rank_6_is_refused() -> None:
    six = tensor((1,) * 6)
    assert "rank 6, and at most 5" in refusal(one_operator("TRANSPOSE", [six, whole(range(6))], tensor((1,) * 6)))
