"""REVERSE_V2: preparation."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare"]

MAX_RANK = 6


def prepare(*, input_shape: Shape, output_shape: Shape, axes: Sequence[int], dtype: DType) -> MovementParams:
    """The parameters of a call. Source: TFLM ``reverse.cc``.

    Args:
        axes: that are reversed, next to each other; from -rank to rank - 1.

    Raises:
        InvalidShape: the shapes differ.
        ValueError: TFLM refuses the call.
    """
    rank = len(input_shape)
    if rank > MAX_RANK:
        raise ValueError(f"an input of rank {rank}, and at most {MAX_RANK} is wanted")
    if len(axes) > rank or not all(-rank <= axis < rank for axis in axes):
        raise ValueError(f"axes {list(axes[: rank + 1])} of an input of rank {rank}")
    ordered = sorted(axis % rank for axis in axes)
    if ordered != list(range(ordered[0], ordered[0] + len(ordered)) if ordered else []):
        raise ValueError(f"the axes {ordered} are not next to each other")
    source = View.whole(input_shape)
    for axis in ordered:
        source = source.part(axis, input_shape[axis] - 1, input_shape[axis], -1)
    return movement((input_shape,), (output_shape,), dtype, [(source, View.whole(output_shape))])
