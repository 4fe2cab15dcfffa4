"""DYNAMIC_UPDATE_SLICE: preparation, where the place of the update is known."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare"]

MAX_RANK = 6


def prepare(
    *, operand_shape: Shape, update_shape: Shape, output_shape: Shape, start: Sequence[int], dtype: DType
) -> MovementParams:
    """The parameters of a call: the operand with part of it replaced. Source: TFLM ``dynamic_update_slice.cc``.

    Args:
        start: where the update begins along each axis; moved so that it lies inside.

    Raises:
        InvalidShape: the output has another shape than the operand.
        ValueError: TFLM refuses the call.
    """
    rank = len(operand_shape)
    if rank > MAX_RANK:
        raise ValueError(f"an operand of rank {rank}, and at most {MAX_RANK} is wanted")
    if len(update_shape) != rank or len(start) != rank:
        raise ValueError(f"an update of rank {len(update_shape)} at {len(start)} indices of an operand of rank {rank}")
    if any(part > size for part, size in zip(update_shape, operand_shape, strict=True)):
        raise ValueError(f"an update of shape {list(update_shape)} to an operand of shape {list(operand_shape)}")
    if output_shape != operand_shape:
        raise InvalidShape(f"the output has shape {list(output_shape)}, not {list(operand_shape)}")
    target = View.whole(output_shape)
    for axis, part in enumerate(update_shape):
        target = target.part(axis, min(max(start[axis], 0), operand_shape[axis] - part), part)
    copies = [(View.whole(operand_shape), View.whole(output_shape)), (View.whole(update_shape, 1), target)]
    return movement((operand_shape, update_shape), (output_shape,), dtype, copies)
