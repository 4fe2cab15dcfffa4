"""ADD: parameters, shape rule, scratch signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.common import (
    ByteArray,
    FusedActivation,
    Int8Array,
    Operand,
    Role,
    Shape,
    no_scratch,
    unbound_int8,
)
from ember_infer_core.quantization import QuantParam

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend

__all__ = ["ElementwiseAddParams", "add_elements"]


@dataclass(slots=True, kw_only=True, eq=False)
class ElementwiseAddParams:
    """Elementwise sum of two int8 tensors, broadcast as NumPy does, each with its own quantisation.

    Both inputs, less their zero points, are shifted left by ``left_shift``, scaled to a common scale, added, scaled to
    the output's, offset by ``output_offset`` and clamped to ``[activation_min, activation_max]``.

    Attributes:
        input1_shape, input2_shape: broadcast to ``output_shape``.
        input1_offset, input2_offset: minus the zero points.
        input1_multiplier, input1_shift, ...: fixed-point factors; the shifts are zero or negative (to the right).
        input1, input2, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input1", Role.INPUT),
        Operand("input2", Role.INPUT),
        Operand("output", Role.OUTPUT),
    )

    input1_shape: Shape
    input2_shape: Shape
    output_shape: Shape
    fused_activation: FusedActivation = FusedActivation.NONE
    input1_quant: QuantParam
    input2_quant: QuantParam
    output_quant: QuantParam
    input1_offset: int
    input2_offset: int
    output_offset: int
    left_shift: int
    input1_multiplier: int
    input1_shift: int
    input2_multiplier: int
    input2_shift: int
    output_multiplier: int
    output_shift: int
    activation_min: int
    activation_max: int
    input1: Int8Array = field(default_factory=unbound_int8, repr=False)
    input2: Int8Array = field(default_factory=unbound_int8, repr=False)
    output: Int8Array = field(default_factory=unbound_int8, repr=False)
    scratch: ByteArray = field(default_factory=no_scratch, repr=False)
    cache: dict[str, Any] | None = field(default=None, repr=False)

    def scratch_size(self, backend: type[KernelBackend]) -> int:
        """Always 0: the contract gives elementwise operators no scratch."""
        return 0


def add_elements(params: ElementwiseAddParams, values1: Int64Array, values2: Int64Array) -> Int8Array:
    """The sums of int64 arrays that hold int8 values and broadcast. Source: TFLM ``reference_integer_ops::AddFunc``."""

    def scaled(values: Int64Array, offset: int, multiplier: int, shift: int) -> Int64Array:
        return multiply_by_quantized_multiplier((values + offset) << params.left_shift, multiplier, shift)

    scaled1 = scaled(values1, params.input1_offset, params.input1_multiplier, params.input1_shift)
    scaled2 = scaled(values2, params.input2_offset, params.input2_multiplier, params.input2_shift)
    total = wrap_int32(scaled1 + scaled2)
    result = multiply_by_quantized_multiplier(total, params.output_multiplier, params.output_shift)
    result = wrap_int32(result + params.output_offset)
    return np.clip(result, params.activation_min, params.activation_max).astype(np.int8)
