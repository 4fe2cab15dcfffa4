"""ADD: parameters, their preparation, and the sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.pairs import PairParams, broadcast_fields, quantized_fields
from ember_infer_core.quantization import QuantParam, quantize_multiplier_smaller_than_one_exp
from ember_infer_core.slots import Int8Array, Shape

__all__ = ["ElementwiseAddParams", "add_elements", "prepare"]

_LEFT_SHIFT = 20


@dataclass(slots=True, kw_only=True, eq=False)
class ElementwiseAddParams(PairParams):
    """Elementwise sum of two int8 tensors, broadcast as NumPy does, each with its own quantisation.

    Both inputs, less their zero points, are shifted left by ``left_shift``, scaled to a common scale, added, scaled to
    the output's, offset by ``output_offset`` and clamped to ``[activation_min, activation_max]``.

    Attributes:
        input1_multiplier, input1_shift, ...: fixed-point factors; the shifts are zero or negative (to the right).
    """

    left_shift: int
    input1_multiplier: int
    input1_shift: int
    input2_multiplier: int
    input2_shift: int
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
) -> ElementwiseAddParams:
    """The parameters of a call. Source: TFLM ``CalculateOpDataAdd``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales, or leaves undefined what it computes.
    """
    twice_max_input_scale = 2 * max(input1_quant.scale, input2_quant.scale)
    multiplier1, shift1 = quantize_multiplier_smaller_than_one_exp(input1_quant.scale / twice_max_input_scale)
    multiplier2, shift2 = quantize_multiplier_smaller_than_one_exp(input2_quant.scale / twice_max_input_scale)
    output_multiplier, output_shift = quantize_multiplier_smaller_than_one_exp(
        twice_max_input_scale / ((1 << _LEFT_SHIFT) * output_quant.scale)
    )
    return ElementwiseAddParams(
        left_shift=_LEFT_SHIFT,
        input1_multiplier=multiplier1,
        input1_shift=shift1,
        input2_multiplier=multiplier2,
        input2_shift=shift2,
        output_multiplier=output_multiplier,
        output_shift=output_shift,
        **broadcast_fields(input1_shape, input2_shape, output_shape),
        **quantized_fields(input1_quant, input2_quant, output_quant, fused_activation),
    )


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
