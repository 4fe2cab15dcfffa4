"""MIRROR_PAD: preparation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.pad import check_paddings
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare"]


def prepare(
    *, input_shape: Shape, output_shape: Shape, paddings: Sequence[int], symmetric: bool, dtype: DType
) -> MovementParams:
    """The parameters of a call. Source: TFLM ``mirror_pad.cc``.

    Args:
        paddings: how many elements are added before and after each axis, all in one list.
        symmetric: whether the outermost elements are mirrored too.

    Raises:
        InvalidShape: the shapes contradict each other or the paddings, or there is not enough to mirror.
        ValueError: TFLM leaves undefined what it computes.
    """
    check_paddings(input_shape, output_shape, paddings)
    pieces = []
    for axis, size in enumerate(input_shape):
        before, after, mirrored = paddings[2 * axis], paddings[2 * axis + 1], size - (not symmetric)
        if max(before, after) > mirrored:
            raise InvalidShape(
                f"axis {axis} of size {size} is padded by {before} and {after}, and at most {mirrored} can be mirrored"
            )
        # From the input's index, in steps, to the output's index, so many.
        axis_pieces = [
            (before - symmetric, -1, 0, before),
            (0, 1, before, size),
            (mirrored - 1, -1, before + size, after),
        ]
        pieces.append([piece for piece in axis_pieces if piece[3]])
    copies = []
    for chosen in itertools.product(*pieces):
        source, target = View.whole(input_shape), View.whole(output_shape)
        for axis, (first, step, to, count) in enumerate(chosen):
            source, target = source.part(axis, first, count, step), target.part(axis, to, count)
        copies.append((source, target))
    return movement((input_shape,), (output_shape,), dtype, copies)
