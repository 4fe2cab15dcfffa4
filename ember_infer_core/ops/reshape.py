"""RESHAPE: parameters. Most reshapes are aliases in a program and never become a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ember_infer_core.ops.common import (
    ByteArray,
    Int8Array,
    Operand,
    Role,
    Shape,
    no_scratch,
    unbound_int8,
)

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend

__all__ = ["ReshapeParams"]


@dataclass(slots=True, kw_only=True, eq=False)
class ReshapeParams:
    """A copy of the elements in order, under another shape.

    Attributes:
        input_shape, output_shape: of as many elements.
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT), Operand("output", Role.OUTPUT))

    input_shape: Shape
    output_shape: Shape
    input: Int8Array = field(default_factory=unbound_int8, repr=False)
    output: Int8Array = field(default_factory=unbound_int8, repr=False)
    scratch: ByteArray = field(default_factory=no_scratch, repr=False)
    cache: dict[str, Any] | None = field(default=None, repr=False)

    def scratch_size(self, backend: type[KernelBackend]) -> int:
        """Always 0: a copy needs no scratch."""
        return 0
