"""RESHAPE: parameters, their preparation, and the copy. Most reshapes are aliases in a program and never a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import (
    INT8,
    AnyArray,
    DType,
    Operand,
    OperatorParams,
    Role,
    Shape,
    check_buffers,
    unbound_int8,
)

__all__ = ["ReshapeParams", "prepare", "reshape"]


@dataclass(slots=True, kw_only=True, eq=False)
class ReshapeParams(OperatorParams):
    """A copy of the elements in order, under another shape.

    Attributes:
        input_shape, output_shape: of as many elements.
        dtype: of input and output.
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT, None), Operand("output", Role.OUTPUT, None))

    input_shape: Shape
    output_shape: Shape
    dtype: DType = INT8
    input: AnyArray = field(default_factory=unbound_int8, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)


def prepare(*, input_shape: Shape, output_shape: Shape, dtype: DType = INT8) -> ReshapeParams:
    """The parameters of a call. The new shape is the output's; TFLM too takes it from there.

    Raises:
        InvalidShape: the element counts differ.
    """
    if element_count(input_shape) != element_count(output_shape):
        raise InvalidShape(f"shape {list(input_shape)} cannot become {list(output_shape)}")
    return ReshapeParams(input_shape=input_shape, output_shape=output_shape, dtype=dtype)


def reshape(params: ReshapeParams) -> None:
    """Copies the elements in order."""
    check_buffers(params)
    np.copyto(params.output.reshape(-1), params.input.reshape(-1))
