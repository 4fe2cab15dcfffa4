"""STRIDED_SLICE: preparation."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.errors import Undefined
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare"]

MAX_RANK = 4


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    begin: Sequence[int],
    end: Sequence[int],
    strides: Sequence[int],
    dtype: DType,
    begin_mask: int = 0,
    end_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> MovementParams:
    """The parameters of a call. Source: TFLM ``StridedSlicePrepare``.

    Args:
        begin, end, strides: for each axis, as in a slice of Python's.
        begin_mask, end_mask: bit ``axis`` says that ``begin[axis]`` or ``end[axis]`` is left out.
        shrink_axis_mask: bit ``axis`` says that the axis goes, of which only index ``begin[axis]`` is left.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses the call, or leaves undefined what it computes.
    """
    rank = len(input_shape)
    if rank > MAX_RANK:
        raise ValueError(f"an input of rank {rank}, and at most {MAX_RANK} is wanted")
    if min(len(begin), len(end), len(strides)) < rank:
        raise Undefined(f"begin, end and strides must have {rank} elements; TensorFlow Lite Micro reads past their end")
    source, shrunk = View.whole(input_shape), []
    for axis, size in enumerate(input_shape):
        step, bit = strides[axis], 1 << axis
        if not step:
            raise ValueError(f"the stride along axis {axis} is 0")
        first = _clamped(begin[axis], size, step) if not begin_mask & bit else 0 if step > 0 else size - 1
        if shrink_axis_mask & bit:
            if step < 0 or not 0 <= first < size:
                raise Undefined(
                    f"it wants index {begin[axis]} of axis {axis}, of size {size}, in steps of {step}; "
                    "TensorFlow Lite Micro writes nothing then"
                )
            source = source.part(axis, first, 1)
            shrunk.append(axis)
            continue
        past = _clamped(end[axis], size, step) if not end_mask & bit else size if step > 0 else -1
        count = max(0, -((first - past) // step))
        source = source.part(axis, first, count, step)
    for axis in reversed(shrunk):
        source = source.without(axis)
    return movement((input_shape,), (output_shape,), dtype, [(source, View.whole(output_shape))])


def _clamped(index: int, size: int, step: int) -> int:
    """An index as Python's slices take it: negative ones count from the end, and none is far outside."""
    index += size if index < 0 else 0
    return min(max(index, 0), size) if step > 0 else min(max(index, -1), size - 1)
