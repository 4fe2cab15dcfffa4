from __future__ import annotations

import pytest

from tests.operators.movement import check_moves, refusal
from tests.support.draws import Draws
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm

BOTH = ["SPACE_TO_DEPTH", "DEPTH_TO_SPACE"]


@pytest.mark.parametrize("name", BOTH)
def test_random_blocks_equal_tflm(name: str, tflm: Tflm) -> None:
    def random_model(draws: Draws) -> bytes:
        dtype, block = draws.one_of(("int8", "float32")), draws.integer(1, 4)
        batch, height, width, channels = draws.shape(4, 4)
        space = draws.tensor((batch, height * block, width * block, channels), dtype)
        depth = draws.tensor((batch, height, width, channels * block * block), dtype)
        from_, to = (space, depth) if name == BOTH[0] else (depth, space)
        return one_operator(name, [from_], to, block_size=block)

    check_moves(random_model, tflm)


@pytest.mark.parametrize(
    ("name", "output", "block", "why"),
    [
        ("SPACE_TO_DEPTH", (1, 2, 2, 9), 3, "is not made of blocks of 3"),
        ("SPACE_TO_DEPTH", (1, 2, 2, 8), 2, "do not fill shape"),
        ("DEPTH_TO_SPACE", (1, 8, 8, 1), 2, "do not fill shape"),
        ("DEPTH_TO_SPACE", (1, 4, 4, 4), 0, "block_size is 0"),
    ],
)
def test_blocks_that_do_not_fit_are_an_error(name: str, output: tuple[int, ...], block: int, why: str) -> None:
    assert why in refusal(one_operator(name, [tensor((1, 4, 4, 8))], tensor(output), block_size=block))
