from __future__ import annotations

import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.against_tflm import REFUSED_BY_BOTH, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.draws import Draws
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm


def random_model(draws: Draws) -> bytes:
    dtype, shape = draws.one_of((*PORTS, "uint8", "bool")), draws.shape(0, 5)
    kept = tuple(draws.one_of((size, size, 1)) for size in shape)[draws.integer(0, len(shape)) :]
    target = constant(list(shape), draws.one_of(("int32", "int64"))) if shape else constant([1], "int32")
    inputs = [draws.tensor(kept, dtype), target]
    return one_operator("BROADCAST_TO", inputs, draws.tensor(shape or (1,), dtype))


def test_random_broadcasts_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


@pytest.mark.parametrize(
    ("input", "shape", "output", "why"),
    [
        ((2, 3), [3, 3], (3, 3), "does not broadcast to [3, 3]"),
        ((1, 3), [2, 3], (4, 3), "broadcasts to shape [2, 3], and its output has shape [4, 3]"),
        ((1,), [1] * 6, (1,) * 6, "rank 6, and at most 5"),
        ((1, 2, 3), [2, 3], (2, 3), "does not broadcast"),
    ],
)
def test_what_tflm_refuses_is_refused(
    input: tuple[int, ...], shape: list[int], output: tuple[int, ...], why: str, tflm: Tflm
) -> None:
    model = one_operator("BROADCAST_TO", [tensor(input), constant(shape, "int32")], tensor(output))
    assert compare_with_tflm(model, random_batches(model), tflm) == REFUSED_BY_BOTH
    assert why in refusal(model)
