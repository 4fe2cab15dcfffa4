"""Large arrays are worked on block by block: a run needs little memory beside the arena."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_ref.blocks import blocks
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm

# A kernel may keep some blocks of 65,536 elements of eight bytes, and no more.
MOST_EXTRA = 6 << 20
ROWS = (400, 4096)


@pytest.mark.parametrize(
    "shape", [(), (0,), (1,), (65_536,), (65_537,), (3, 1, 40_000), (2, 300, 300), (70_000, 2), (2, 70_000), (4,) * 8]
)
def test_blocks_are_the_whole_array_once_and_small(shape: tuple[int, ...]) -> None:
    seen = np.zeros(shape, np.int8)
    for block in blocks(shape):
        assert seen[block].size <= 65_536
        assert seen[block].flags.c_contiguous
        seen[block] += 1
    assert (seen == 1).all()


@pytest.mark.parametrize("shape", [(65_536,), (1, 1024, 1024), (7, 40_000), (3, 3, 65_536)])
def test_there_are_few_blocks(shape: tuple[int, ...]) -> None:
    assert len(list(blocks(shape))) <= 2 * math.ceil(math.prod(shape) / 65_536)


def int8(*shape: int) -> Tensor:
    return tensor(shape, "int8", 0.1, 0)


def whole(*numbers: int) -> Tensor:
    return constant(numbers, "int32")


LARGE: dict[str, tuple[str, Sequence[Tensor], Tensor, dict[str, Any]]] = {
    "ADD that broadcasts": ("ADD", [int8(1, 512, 512, 1), int8(1, 1, 1, 8)], int8(1, 512, 512, 8), {}),
    "PRELU": ("PRELU", [int8(1, 400, 512, 8), int8(1, 1, 1, 8)], int8(1, 400, 512, 8), {}),
    "ADD_N": ("ADD_N", [int8(*ROWS)] * 3, int8(*ROWS), {}),
    "CUMSUM along rows": ("CUMSUM", [int8(*ROWS), whole(1)], int8(*ROWS), {}),
    "CUMSUM along columns": ("CUMSUM", [int8(*ROWS), whole(0)], int8(*ROWS), {"exclusive": True}),
    "CUMSUM of one long row": ("CUMSUM", [int8(2_000_000), whole(0)], int8(2_000_000), {"reverse": True}),
    "CUMSUM of float32": (
        "CUMSUM",
        [tensor((3, 100_000), "float32"), whole(1)],
        tensor((3, 100_000), "float32"),
        {"exclusive": True, "reverse": True},
    ),
    "L2_NORMALIZATION": ("L2_NORMALIZATION", [int8(*ROWS)], tensor(ROWS, "int8", 1 / 128, 0), {}),
    "LOG_SOFTMAX": ("LOG_SOFTMAX", [int8(2048, 1000)], tensor((2048, 1000), "int8", 16 / 256, 127), {}),
    "RESIZE_BILINEAR": ("RESIZE_BILINEAR", [int8(2, 400, 500, 2), whole(900, 700)], int8(2, 900, 700, 2), {}),
    "RESIZE_BILINEAR of float32": (
        "RESIZE_BILINEAR",
        [tensor((2, 100, 150, 2), "float32"), whole(250, 350)],
        tensor((2, 250, 350, 2), "float32"),
        {},
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_run_needs_little_beside_the_arena(name: str) -> None:
    """ADD took 11 times the arena, CUMSUM 31 times."""
    operator, inputs, output, options = LARGE[name]
    executable = RefBackend().compile(load_program(one_operator(operator, inputs, output, **options)))
    tracemalloc.start()
    try:
        executable.run()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_EXTRA


@pytest.mark.parametrize("name", LARGE)
def test_blocks_change_no_byte(name: str, tflm: Tflm) -> None:
    operator, inputs, output, options = LARGE[name]
    model = one_operator(operator, inputs, output, **options)
    assert_equals_tflm(model, random_batches(model)[:2], tflm, backends=[RefBackend()])
