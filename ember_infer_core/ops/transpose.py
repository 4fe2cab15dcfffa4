"""TRANSPOSE: preparation."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare"]

MAX_RANK = 5


def prepare(*, input_shape: Shape, output_shape: Shape, perm: Sequence[int], dtype: DType) -> MovementParams:
    """The parameters of a call. Source: TFLM ``TransposePrepare``.

    Args:
        perm: for each axis of the output the input's axis that it is.

    Raises:
        InvalidShape: the shapes contradict each other or ``perm``.
        ValueError: TFLM refuses the call.
    """
    rank = len(input_shape)
    if rank > MAX_RANK:
        raise ValueError(f"an input of rank {rank}, and at most {MAX_RANK} is wanted")
    if len(perm) != rank or not all(0 <= axis < rank for axis in perm):
        raise ValueError(
            f"perm {list(perm[: rank + 1])} of {len(perm)} axes does not name the axes 0 to {rank - 1} of the input"
        )
    if len(set(perm)) != rank:
        raise InvalidShape(f"perm {list(perm)} names an axis twice")
    source = View.whole(input_shape).transposed(perm)
    return movement((input_shape,), (output_shape,), dtype, [(source, View.whole(output_shape))])
