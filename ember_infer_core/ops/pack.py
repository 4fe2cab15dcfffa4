"""PACK and UNPACK: preparation."""

from __future__ import annotations

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare", "prepare_unpack"]


def prepare(*, inputs_shapes: tuple[Shape, ...], output_shape: Shape, axis: int, dtype: DType) -> MovementParams:
    """The parameters of a PACK. Source: TFLM ``pack.cc``.

    Args:
        axis: of the output, along which each input has one index; from -rank to rank - 1.

    Raises:
        InvalidShape: the shapes contradict each other.
    """
    slices = _slices(output_shape, axis, len(inputs_shapes), "output")
    copies = [(View.whole(shape, number), slices[number]) for number, shape in enumerate(inputs_shapes)]
    return movement(inputs_shapes, (output_shape,), dtype, copies)


def prepare_unpack(*, input_shape: Shape, outputs_shapes: tuple[Shape, ...], axis: int, dtype: DType) -> MovementParams:
    """The parameters of an UNPACK. Source: TFLM ``unpack.cc``.

    Args:
        axis: of the input, along which each output has one index; from -rank to rank - 1.

    Raises:
        InvalidShape: the shapes contradict each other.
    """
    slices = _slices(input_shape, axis, len(outputs_shapes), "input")
    copies = [(slices[number], View.whole(shape, number)) for number, shape in enumerate(outputs_shapes)]
    return movement((input_shape,), outputs_shapes, dtype, copies)


def _slices(shape: Shape, axis: int, count: int, role: str) -> list[View]:
    """Each index along an axis, as a view without the axis."""
    rank = len(shape)
    if not -rank <= axis < rank:
        raise InvalidShape(f"the {role} of rank {rank} has no axis {axis}")
    axis %= rank
    if shape[axis] != count:
        raise InvalidShape(f"axis {axis} of the {role} has {shape[axis]} indices, for {count} tensors")
    whole = View.whole(shape)
    return [whole.part(axis, index, 1).without(axis) for index in range(count)]
