"""Operators that move elements and compute nothing: all of them are strided copies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.strided import StridedCopy, View, places
from ember_infer_core.slots import AnyArray, DType, Operand, OperatorParams, Role, Shape, check_buffers

__all__ = ["MovementParams", "move", "movement", "moves"]


@dataclass(slots=True, kw_only=True, eq=False)
class MovementParams(OperatorParams):
    """Elements of one type, copied from inputs to outputs.

    First ``fill``, if any, is written to all of every output; then the copies are made, in order. Together they write
    every element. Inputs and outputs do not overlap.

    Attributes:
        inputs_shapes, outputs_shapes: of each tensor.
        dtype: of all tensors.
        copies: what goes where.
        fill: an element, or None.
        inputs, outputs, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.

    Raises:
        InvalidShape: a copy reaches outside its tensors, or nothing writes some element of an output.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("inputs", Role.INPUT, None, many=True),
        Operand("outputs", Role.OUTPUT, None, many=True),
    )

    inputs_shapes: tuple[Shape, ...]
    outputs_shapes: tuple[Shape, ...]
    dtype: DType
    copies: tuple[StridedCopy, ...]
    fill: int | None = None
    inputs: tuple[AnyArray, ...] = field(default=(), repr=False)
    outputs: tuple[AnyArray, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        written = [0] * len(self.outputs_shapes)
        for copy in self.copies:
            _check_inside(self.inputs_shapes, "input", copy.source, copy.source_start, copy.sizes, copy.source_steps)
            _check_inside(self.outputs_shapes, "output", copy.target, copy.target_start, copy.sizes, copy.target_steps)
            if 0 in copy.target_steps:
                raise InvalidShape(f"two elements are copied to one place of output {copy.target}")
            written[copy.target] += copy.count
        for number, shape in enumerate(self.outputs_shapes):
            if self.fill is None and written[number] < element_count(shape):
                raise InvalidShape(f"of output {number}, {list(shape)}, only {written[number]} elements are written")


def movement(
    inputs_shapes: tuple[Shape, ...],
    outputs_shapes: tuple[Shape, ...],
    dtype: DType,
    copies: Iterable[tuple[View, View]],
    fill: int | None = None,
) -> MovementParams:
    """Parameters whose copies go from the first to the second of two views; without those that copy nothing.

    Raises:
        InvalidShape: the views differ in size, or as :class:`MovementParams` says.
    """
    between = (StridedCopy.between(source, target) for source, target in copies)
    return MovementParams(
        inputs_shapes=inputs_shapes,
        outputs_shapes=outputs_shapes,
        dtype=dtype,
        copies=tuple(copy for copy in between if copy.count),
        fill=fill,
    )


def move(params: MovementParams) -> None:
    """Carries out the call.

    Raises:
        InvalidShape: a buffer is not what the parameters say; nothing was written.
    """
    check_buffers(params)
    if params.fill is not None:
        for output in params.outputs:
            output.fill(params.fill)
    for target, source in moves(params):
        np.copyto(target, source)


def moves(params: MovementParams) -> list[tuple[AnyArray, AnyArray]]:
    """For each copy the elements to write and those to read, as views of the buffers; :func:`check_buffers` passed."""
    return [
        (
            _strided(params.outputs[copy.target], copy.target_start, copy.sizes, copy.target_steps),
            _strided(params.inputs[copy.source], copy.source_start, copy.sizes, copy.source_steps),
        )
        for copy in params.copies
    ]


def _strided(array: AnyArray, start: int, sizes: Shape, steps: Shape) -> AnyArray:
    """A view of a contiguous array; NumPy checks once more that it stays inside."""
    size = array.dtype.itemsize
    view: AnyArray = np.ndarray(sizes, array.dtype, array, start * size, tuple(step * size for step in steps))
    return view


def _check_inside(shapes: tuple[Shape, ...], role: str, number: int, start: int, sizes: Shape, steps: Shape) -> None:
    if not 0 <= number < len(shapes):
        raise InvalidShape(f"there is no {role} {number}")
    if min(sizes, default=1) < 1:
        raise InvalidShape(f"a copy of {list(sizes)} elements")
    least, greatest = places(start, sizes, steps)
    if least < 0 or greatest >= element_count(shapes[number]):
        raise InvalidShape(
            f"a copy touches the places {least} to {greatest} of {role} {number}, of shape {list(shapes[number])}"
        )
