from __future__ import annotations

import math

import pytest

from tests.operators.movement import check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm


def random_space_to_batch(draws: Draws) -> bytes:
    dtype, spatial = draws.one_of(("int8", "float32")), draws.integer(1, 2)
    block, blocks = ([draws.integer(1, 4) for _ in range(spatial)] for _ in range(2))
    batch, channels = draws.integer(1, 3), draws.integer(1, 3)
    image = draws.tensor((batch, *(size * count for size, count in zip(block, blocks, strict=True)), channels), dtype)
    split = draws.tensor((batch * math.prod(block), *blocks, channels), dtype)
    return one_operator("SPACE_TO_BATCH_ND", [image, whole(block), whole([[0, 0]] * spatial)], split)


def random_batch_to_space(draws: Draws) -> bytes:
    dtype, spatial = draws.one_of(("int8", "float32")), draws.integer(1, 2)
    block, blocks = ([draws.integer(1, 4) for _ in range(spatial)] for _ in range(2))
    batch, channels = draws.integer(1, 3), draws.integer(1, 3)
    crops, left = [], []
    for size, count in zip(block, blocks, strict=True):
        before = draws.integer(0, size * count - 1)
        crops.append((before, draws.integer(0, size * count - 1 - before)))
        left.append(size * count - sum(crops[-1]))
    split = draws.tensor((batch * math.prod(block), *blocks, channels), dtype)
    return one_operator(
        "BATCH_TO_SPACE_ND", [split, whole(block), whole(crops)], draws.tensor((batch, *left, channels), dtype)
    )


def test_random_images_in_blocks_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_space_to_batch, tflm)


def test_random_images_from_blocks_equal_tflm_whatever_is_cropped(tflm: Tflm) -> None:
    check_moves(random_batch_to_space, tflm)


def test_padding_is_refused_because_tflm_pads_with_anything() -> None:
    inputs = [tensor((1, 3, 2)), whole([2]), whole([[0, 1]])]
    assert "memory that nobody wrote" in refusal(one_operator("SPACE_TO_BATCH_ND", inputs, tensor((2, 2, 2))))


@pytest.mark.parametrize(
    ("input", "block", "crops", "output", "why"),
    [
        ((3, 2, 2, 1), [2, 1], [[0, 0], [0, 0]], (1, 4, 2, 1), "a batch of 3"),
        ((4, 2, 2, 1), [2, 2], [[0, 0], [0, 1]], (1, 4, 4, 1), "2 blocks of 2 less 0 and 1 are not 4"),
        ((4, 2, 2, 1), [2, 2], [[0, 0], [0, 0]], (2, 4, 4, 1), "do not fill shape"),
        ((4, 2, 2, 1), [2, 0], [[0, 0], [0, 0]], (2, 4, 0, 1), "a block of [2, 0]"),
        ((4, 2, 1), [2, 2], [[0, 0], [0, 0]], (2, 4, 1), "do not belong together"),
        ((4, 2), [2], [[0, 0]], (2, 4), "rank 2, where 3 or 4 is wanted"),
    ],
)
def test_blocks_that_do_not_fit_are_an_error(
    input: tuple[int, ...], block: list[int], crops: list[list[int]], output: tuple[int, ...], why: str
) -> None:
    inputs = [tensor(input), whole(block), whole(crops)]
    shape = tuple(max(1, size) for size in output)
    assert why in refusal(one_operator("BATCH_TO_SPACE_ND", inputs, tensor(shape)))
