"""SPLIT and SPLIT_V: preparation."""

from __future__ import annotations

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare"]


def prepare(
    *, input_shape: Shape, outputs_shapes: tuple[Shape, ...], axis: int, dtype: DType, equal: bool = False
) -> MovementParams:
    """The parameters of a call. The sizes are those of the outputs; TFLM too takes them from there.

    Source: TFLM ``split.cc``, ``split_v.cc``.

    Args:
        axis: along which the outputs follow each other; from -rank to rank - 1.
        equal: they must be of equal size (SPLIT).

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses the call.
    """
    rank = len(input_shape)
    if not -rank <= axis < rank:
        raise ValueError(f"the input of rank {rank} has no axis {axis}")
    if equal and len(set(outputs_shapes)) > 1:
        raise InvalidShape("the outputs are of different shapes")
    axis %= rank
    for number, shape in enumerate(outputs_shapes):
        if len(shape) != rank:
            raise InvalidShape(f"output {number}, {list(shape)}, has another rank than the input, {list(input_shape)}")
    total = sum(shape[axis] for shape in outputs_shapes)
    if total != input_shape[axis]:
        raise InvalidShape(f"along axis {axis} the input has {input_shape[axis]} indices, and the outputs {total}")
    input_, copies, first = View.whole(input_shape), [], 0
    for number, shape in enumerate(outputs_shapes):
        copies.append((input_.part(axis, first, shape[axis]), View.whole(shape, number)))
        first += shape[axis]
    return movement((input_shape,), outputs_shapes, dtype, copies)
