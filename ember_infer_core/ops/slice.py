"""SLICE: preparation."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.errors import Undefined
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare"]

MAX_RANK = 5


def prepare(
    *, input_shape: Shape, output_shape: Shape, begin: Sequence[int], size: Sequence[int], dtype: DType
) -> MovementParams:
    """The parameters of a call. Source: TFLM ``SlicePrepare``, ``reference_ops::Slice``.

    Args:
        begin: the first index along each axis.
        size: how many; -1 for all that are left.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses the call, or leaves undefined what it computes.
    """
    rank = len(input_shape)
    if rank > MAX_RANK:
        raise ValueError(f"an input of rank {rank}, and at most {MAX_RANK} is wanted")
    if len(begin) != rank or len(size) != rank:
        raise ValueError(f"begin and size have {len(begin)} and {len(size)} elements, and {rank} are wanted")
    source = View.whole(input_shape)
    for axis, (first, count) in enumerate(zip(begin, size, strict=True)):
        count = input_shape[axis] - first if count == -1 else count
        if first < 0 or count < 0 or first + count > input_shape[axis]:
            raise Undefined(
                f"axis {axis} of size {input_shape[axis]} does not hold {count} indices from {first} on; "
                "TensorFlow Lite Micro reads outside"
            )
        source = source.part(axis, first, count)
    return movement((input_shape,), (output_shape,), dtype, [(source, View.whole(output_shape))])
