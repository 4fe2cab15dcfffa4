"""Elementwise functions of two tensors that broadcast as NumPy does: what ADD, MUL and their like share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape
from ember_infer_core.quantization import UNQUANTIZED, QuantParam, Undefined, activation_range
from ember_infer_core.slots import AnyArray, DType, Operand, OperatorParams, Role, Shape, unbound_int8

__all__ = ["MAX_RANK", "PairParams", "broadcast_fields", "quantized_fields"]

# Beyond it TFLM writes past the end of its ``RuntimeShape``; most of its kernels do not check.
MAX_RANK = 6

_INT8: DType = np.dtype(np.int8)


@dataclass(slots=True, kw_only=True, eq=False)
class PairParams(OperatorParams):
    """An elementwise function of two tensors of one type, broadcast as NumPy does.

    Attributes:
        input1_shape, input2_shape: broadcast to ``output_shape``.
        dtype: of both inputs; of the output too, unless the operator says otherwise.
        input1_quant, input2_quant, output_quant: each tensor has its own.
        input1_offset, input2_offset: minus the zero points.
        output_offset: the output's zero point.
        activation_min, activation_max: the clamp of the result, where it is quantised.
        input1, input2, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input1", Role.INPUT, None),
        Operand("input2", Role.INPUT, None),
        Operand("output", Role.OUTPUT, None),
    )

    input1_shape: Shape
    input2_shape: Shape
    output_shape: Shape
    dtype: DType = _INT8
    fused_activation: FusedActivation = FusedActivation.NONE
    input1_quant: QuantParam = UNQUANTIZED
    input2_quant: QuantParam = UNQUANTIZED
    output_quant: QuantParam = UNQUANTIZED
    input1_offset: int = 0
    input2_offset: int = 0
    output_offset: int = 0
    activation_min: int = -128
    activation_max: int = 127
    input1: AnyArray = field(default_factory=unbound_int8, repr=False)
    input2: AnyArray = field(default_factory=unbound_int8, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)

    @property
    def input1_dtype(self) -> DType:
        """Of the first input."""
        return self.dtype

    @property
    def input2_dtype(self) -> DType:
        """Of the second input."""
        return self.dtype

    @property
    def output_dtype(self) -> DType:
        """Of the output."""
        return self.dtype


def broadcast_fields(
    input1_shape: Shape, input2_shape: Shape, output_shape: Shape, dtype: DType = _INT8
) -> dict[str, Any]:
    """Shapes and type, as fields of :class:`PairParams`.

    Raises:
        InvalidShape: the inputs do not broadcast to the output's shape.
        Undefined: a rank that TFLM has no room for.
    """
    rank = max(len(input1_shape), len(input2_shape))
    if rank > MAX_RANK:
        raise Undefined(f"TensorFlow Lite Micro has room for shapes of rank {MAX_RANK}, and overruns it at rank {rank}")
    try:
        shape: Shape | None = np.broadcast_shapes(input1_shape, input2_shape)
    except ValueError:
        shape = None
    if shape != output_shape:
        raise InvalidShape(
            f"shapes {list(input1_shape)} and {list(input2_shape)} do not broadcast to {list(output_shape)}"
        )
    return {
        "input1_shape": input1_shape,
        "input2_shape": input2_shape,
        "output_shape": output_shape,
        "dtype": dtype,
    }


def quantized_fields(
    input1_quant: QuantParam,
    input2_quant: QuantParam,
    output_quant: QuantParam,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> dict[str, Any]:
    """Quantisation, offsets and clamp, as fields of :class:`PairParams` over int8."""
    activation_min, activation_max = activation_range(fused_activation, output_quant)
    return {
        "fused_activation": fused_activation,
        "input1_quant": input1_quant,
        "input2_quant": input2_quant,
        "output_quant": output_quant,
        "input1_offset": -input1_quant.zero_point,
        "input2_offset": -input2_quant.zero_point,
        "output_offset": output_quant.zero_point,
        "activation_min": activation_min,
        "activation_max": activation_max,
    }
