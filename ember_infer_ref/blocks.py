"""Large arrays block by block, so that what a kernel needs besides its buffers does not grow with them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import EllipsisType
from typing import TypeAlias

from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import Shape

__all__ = ["Block", "blocks", "rows_at_once"]

# The place of a block in an array: numbers for its first axes, and a slice of the next.
Block: TypeAlias = "tuple[int | slice | EllipsisType, ...]"

# Elements of a block: intermediate results of eight bytes each then fit into a processor's cache.
_ELEMENTS = 1 << 16


def blocks(shape: Shape) -> Iterator[Block]:
    """The blocks of a contiguous array of this shape, contiguous too; together they are all of it.

    A block has at most 65,536 elements, and not many fewer unless the array does.
    """
    axis = 0
    while axis < len(shape) and element_count(shape[axis + 1 :]) > _ELEMENTS:
        axis += 1
    if axis == len(shape):  # a scalar
        yield (...,)
        return
    step = rows_at_once(element_count(shape[axis + 1 :]))
    for outer in itertools.product(*map(range, shape[:axis])):
        for start in range(0, shape[axis], step):
            yield (*outer, slice(start, start + step))


def rows_at_once(row: int) -> int:
    """How many rows of ``row`` elements make a block; one at least."""
    return max(1, _ELEMENTS // max(row, 1))
