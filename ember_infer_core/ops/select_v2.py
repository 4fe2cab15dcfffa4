"""SELECT_V2: parameters, their preparation, and the choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.slots import (
    AnyArray,
    DType,
    Operand,
    OperatorParams,
    Role,
    Shape,
    check_buffers,
    unbound,
    unbound_int8,
)

__all__ = ["SelectParams", "prepare", "select_v2"]

MAX_RANK = 5


def _unbound_bool() -> npt.NDArray[np.bool_]:
    return unbound(np.bool_)


@dataclass(slots=True, kw_only=True, eq=False)
class SelectParams(OperatorParams):
    """Where the condition holds the element of ``x``, elsewhere that of ``y``; all three broadcast as NumPy does.

    Attributes:
        condition_shape, x_shape, y_shape: broadcast to ``output_shape``.
        dtype: of x, y and the output.
        condition, x, y, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("condition", Role.INPUT, np.bool_),
        Operand("x", Role.INPUT, None),
        Operand("y", Role.INPUT, None),
        Operand("output", Role.OUTPUT, None),
    )

    condition_shape: Shape
    x_shape: Shape
    y_shape: Shape
    output_shape: Shape
    dtype: DType
    condition: npt.NDArray[np.bool_] = field(default_factory=_unbound_bool, repr=False)
    x: AnyArray = field(default_factory=unbound_int8, repr=False)
    y: AnyArray = field(default_factory=unbound_int8, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)


def prepare(
    *, condition_shape: Shape, x_shape: Shape, y_shape: Shape, output_shape: Shape, dtype: DType
) -> SelectParams:
    """The parameters of a call. Source: TFLM ``SelectPrepare``.

    Raises:
        InvalidShape: the inputs do not broadcast to the output's shape.
        Undefined: a rank that TFLM has no room for.
    """
    shapes = condition_shape, x_shape, y_shape
    try:
        shape: Shape | None = np.broadcast_shapes(*shapes)
    except ValueError:
        shape = None
    if shape != output_shape:
        described = ", ".join(str(list(one)) for one in shapes)
        raise InvalidShape(f"shapes {described} do not broadcast to {list(output_shape)}")
    if len(set(shapes)) > 1 and len(output_shape) > MAX_RANK:
        raise Undefined(
            f"TensorFlow Lite Micro broadcasts to rank {MAX_RANK} at most, and overruns it at rank {len(output_shape)}"
        )
    return SelectParams(
        condition_shape=condition_shape, x_shape=x_shape, y_shape=y_shape, output_shape=output_shape, dtype=dtype
    )


def select_v2(params: SelectParams) -> None:
    """Carries out the call.

    Raises:
        InvalidShape: a buffer is not what the parameters say; nothing was written.
    """
    check_buffers(params)
    np.copyto(params.output, params.y)
    np.copyto(params.output, params.x, where=params.condition)
