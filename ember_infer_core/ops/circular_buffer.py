"""CIRCULAR_BUFFER, an operator of TFLM's own: parameters and their preparation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from typing_extensions import override

from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.slots import (
    Int8Array,
    Int32Array,
    Operand,
    OperatorParams,
    Role,
    Shape,
    Shape4,
    unbound,
    unbound_int8,
)

__all__ = ["CircularBufferParams", "prepare"]


def _unbound_counter() -> Int32Array:
    return unbound(np.int32)


@dataclass(slots=True, kw_only=True, eq=False)
class CircularBufferParams(OperatorParams):
    """The newest rows of a stream: all in the buffer move up by one, the oldest goes, and the input becomes the last.

    What follows in a model runs once for so many rows; with the others, the run ends here.

    Attributes:
        input_shape: ``(1, 1, width, channels)``, one row.
        state_shape: ``(1, rows, width, channels)``, the buffer, which is what the model goes on with.
        cycles_max: so many calls make one whole run: the others end it. 1: none does.
        counter_shape: ``(1,)``.
        input: the new row.
        state: the buffer; quantisation does not matter.
        counter: how many rows have come since a run went on. 0 after a call with which the run goes on.
        scratch: no kernel needs any.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input", Role.INPUT),
        Operand("state", Role.STATE),
        Operand("counter", Role.STATE, np.int32),
    )

    input_shape: Shape4
    state_shape: Shape4
    cycles_max: int
    counter_shape: Shape = (1,)
    input: Int8Array = field(default_factory=unbound_int8, repr=False)
    state: Int8Array = field(default_factory=unbound_int8, repr=False)
    counter: Int32Array = field(default_factory=_unbound_counter, repr=False)

    @property
    def row(self) -> int:
        """Elements of the input."""
        return self.input_shape[2] * self.input_shape[3]

    @property
    @override
    def ending(self) -> str | None:
        """See :class:`ember_infer_core.OperatorParams`."""
        return "counter" if self.cycles_max > 1 else None


def prepare(*, input_shape: Shape, state_shape: Shape, cycles_max: int) -> CircularBufferParams:
    """The parameters of a call. Source: TFLM ``circular_buffer.cc``.

    Args:
        input_shape: see :class:`CircularBufferParams`.
        state_shape: likewise.
        cycles_max: likewise.

    Raises:
        InvalidShape: the input is no row of the buffer.
        Undefined: a batch; or ``cycles_max`` is below 1.
    """
    if len(input_shape) != 4 or len(state_shape) != 4:
        raise InvalidShape(f"shapes {list(input_shape)} and {list(state_shape)}, where 4 axes each are wanted")
    if input_shape != (state_shape[0], 1, *state_shape[2:]):
        raise InvalidShape(f"shape {list(input_shape)} is no row of a buffer of shape {list(state_shape)}")
    if input_shape[0] != 1:
        raise Undefined(f"a batch of {input_shape[0]}, of which TensorFlow Lite Micro moves the first alone")
    if cycles_max < 1:
        raise Undefined(
            f"cycles_max is {cycles_max}; TensorFlow Lite Micro then guesses it, from how many such operators the "
            "process has seen so far"
        )
    return CircularBufferParams(input_shape=input_shape, state_shape=state_shape, cycles_max=cycles_max)
