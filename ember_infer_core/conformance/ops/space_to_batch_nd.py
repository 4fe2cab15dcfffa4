"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.space_to_batch_nd import prepare, prepare_batch_to_space_nd
from ember_infer_core.slots import Shape

__all__ = ["CASES"]


def _draw(drawer: CaseDrawer) -> tuple[list[int], Shape, int]:
    """Sizes of a block, along one axis or two, the shape with the blocks in the batch, and the batch without."""
    axes, batch = drawer.one_of(2, 1), drawer.integer(1, 3)
    block, blocks = ([drawer.integer(1, 4) for _ in range(axes)] for _ in range(2))
    return block, (batch * math.prod(block), *blocks, drawer.integer(1, 4)), batch


def _space_to_batch_nd(drawer: CaseDrawer) -> MovementParams:
    block, split, batch = _draw(drawer)
    sizes = (size * count for size, count in zip(block, split[1:-1], strict=True))
    return prepare(
        input_shape=(batch, *sizes, split[-1]),
        output_shape=split,
        block_shape=block,
        paddings=[0] * 2 * len(block),
        dtype=drawer.dtype("int8", "float32"),
    )


def _batch_to_space_nd(drawer: CaseDrawer) -> MovementParams:
    block, split, batch = _draw(drawer)
    sizes: list[int] = []
    crops: list[int] = []
    for size, count in zip(block, split[1:-1], strict=True):
        before = drawer.integer(0, size * count - 1)
        after = drawer.integer(0, size * count - 1 - before)
        crops += [before, after]
        sizes.append(size * count - before - after)
    return prepare_batch_to_space_nd(
        input_shape=split,
        output_shape=(batch, *sizes, split[-1]),
        block_shape=block,
        crops=crops,
        dtype=drawer.dtype("int8", "float32"),
    )


CASES: Mapping[str, OperatorCases] = {
    "space_to_batch_nd": movement_cases(_space_to_batch_nd),
    "batch_to_space_nd": movement_cases(_batch_to_space_nd),
}
