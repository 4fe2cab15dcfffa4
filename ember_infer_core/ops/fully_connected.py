"""FULLY_CONNECTED: parameters, shape rule, scratch signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ember_infer_core.ops.common import (
    ByteArray,
    FusedActivation,
    Int8Array,
    Int32Array,
    Operand,
    Role,
    Shape,
    no_scratch,
    unbound_int8,
)
from ember_infer_core.quantization import AnyQuantParam, QuantParam

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend

__all__ = ["FullyConnectedParams"]


@dataclass(slots=True, kw_only=True, eq=False)
class FullyConnectedParams:
    """A matrix product with int8 weights ``[output_depth, input_depth]`` and int32 accumulation.

    The input is read as rows of ``input_depth``, the output as as many rows of ``output_depth``, whatever their ranks.
    For each output ``c`` the sum of ``(input + input_offset) * (weights + weights_offset)``, plus ``bias[c]``, is
    scaled by ``output_multiplier[c] * 2**(output_shift[c] - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``.

    Attributes:
        input_shape: any shape of ``batches * input_depth`` elements.
        weights_shape: ``(output_depth, input_depth)``.
        output_shape: any shape of ``batches * output_depth`` elements.
        input_offset, weights_offset: minus the zero points; the weights' is 0 where their scales are per channel.
        output_offset: the output's zero point.
        output_multiplier, output_shift: int32 ``(output_depth,)``; a positive shift is to the left.
        input, weights, bias, output, scratch: the buffers; bias is int32 ``(output_depth,)`` or None.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input", Role.INPUT),
        Operand("weights", Role.CONSTANT),
        Operand("bias", Role.CONSTANT, np.int32, optional=True),
        Operand("output", Role.OUTPUT),
    )

    input_shape: Shape
    weights_shape: tuple[int, int]
    output_shape: Shape
    fused_activation: FusedActivation = FusedActivation.NONE
    input_quant: QuantParam
    weights_quant: AnyQuantParam
    output_quant: QuantParam
    input_offset: int
    weights_offset: int = 0
    output_offset: int
    output_multiplier: Int32Array
    output_shift: Int32Array
    activation_min: int
    activation_max: int
    input: Int8Array = field(default_factory=unbound_int8, repr=False)
    weights: Int8Array = field(default_factory=unbound_int8, repr=False)
    bias: Int32Array | None = field(default=None, repr=False)
    output: Int8Array = field(default_factory=unbound_int8, repr=False)
    scratch: ByteArray = field(default_factory=no_scratch, repr=False)
    cache: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def bias_shape(self) -> tuple[int]:
        """``(output_depth,)``."""
        return (self.weights_shape[0],)

    def scratch_size(self, backend: type[KernelBackend]) -> int:
        """Always 0: the contract gives fully connected no scratch."""
        return 0
