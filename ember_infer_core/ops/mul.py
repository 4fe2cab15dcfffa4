"""MUL: parameters, their preparation, and the products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.pairs import PairParams, broadcast_fields, quantized_fields
from ember_infer_core.quantization import QuantParam, check_defined_shift, quantize_multiplier
from ember_infer_core.slots import Int8Array, Shape

__all__ = ["MulParams", "mul_elements", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class MulParams(PairParams):
    """Elementwise product of two int8 tensors, broadcast as NumPy does, each with its own quantisation.

    ``(input1 + input1_offset) * (input2 + input2_offset)`` is scaled by
    ``output_multiplier * 2**(output_shift - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``.

    Attributes:
        output_multiplier, output_shift: a fixed-point factor; a positive shift is to the left.
    """

    output_multiplier: int
    output_shift: int


def prepare(
    *,
    input1_shape: Shape,
    input2_shape: Shape,
    output_shape: Shape,
    input1_quant: QuantParam,
    input2_quant: QuantParam,
    output_quant: QuantParam,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> MulParams:
    """The parameters of a call. Source: TFLM ``CalculateOpDataMul``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales, or leaves undefined what it computes.
    """
    output_multiplier, output_shift = quantize_multiplier(input1_quant.scale * input2_quant.scale / output_quant.scale)
    check_defined_shift(output_shift)
    return MulParams(
        output_multiplier=output_multiplier,
        output_shift=output_shift,
        **broadcast_fields(input1_shape, input2_shape, output_shape),
        **quantized_fields(input1_quant, input2_quant, output_quant, fused_activation),
    )


def mul_elements(params: MulParams, values1: Int64Array, values2: Int64Array) -> Int8Array:
    """The products of int64 arrays that hold int8 values and broadcast.

    Source: TFLM ``reference_integer_ops::MulElementwise``.
    """
    product = (values1 + params.input1_offset) * (values2 + params.input2_offset)
    result = multiply_by_quantized_multiplier(product, params.output_multiplier, params.output_shift)
    result = wrap_int32(result + params.output_offset)
    return np.clip(result, params.activation_min, params.activation_max).astype(np.int8)
