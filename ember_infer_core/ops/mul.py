"""MUL: parameters, their preparation, and the products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from ember_infer_core.activation import FusedActivation
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.pairs import PairParams, broadcast_fields, plain_fields, quantized_fields
from ember_infer_core.quantization import UNQUANTIZED, QuantParam, check_defined_shift, quantize_multiplier
from ember_infer_core.slots import INT8, AnyArray, DType, Int8Array, Shape

__all__ = ["MulParams", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class MulParams(PairParams):
    """Elementwise product of two tensors, broadcast as NumPy does; int8 ones have a quantisation each.

    Of int8 ``(input1 + input1_offset) * (input2 + input2_offset)`` is scaled by
    ``output_multiplier * 2**(output_shift - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``.

    Fields that are not named here are described in :class:`PairParams`.

    Attributes:
        output_multiplier, output_shift: a fixed-point factor; a positive shift is to the left.
    """

    output_multiplier: int = 0
    output_shift: int = 0

    @override
    def quantized(self, values1: Int64Array, values2: Int64Array) -> Int8Array:
        """The products. Source: TFLM ``reference_integer_ops::MulElementwise``."""
        product = (values1 + self.input1_offset) * (values2 + self.input2_offset)
        return self.requantized(product, self.output_multiplier, self.output_shift)

    @override
    def plain(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """The products. Source: TFLM ``reference_ops::Mul``."""
        return self.clamped(np.multiply(values1, values2))


def prepare(
    *,
    input1_shape: Shape,
    input2_shape: Shape,
    output_shape: Shape,
    dtype: DType = INT8,
    input1_quant: QuantParam = UNQUANTIZED,
    input2_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> MulParams:
    """The parameters of a call over int8, float32 or int32. Source: TFLM ``CalculateOpDataMul``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales, or leaves undefined what it computes.
    """
    fields = broadcast_fields(input1_shape, input2_shape, output_shape, dtype)
    if dtype != INT8:
        return MulParams(**fields | plain_fields(dtype, fused_activation))
    multiplier, shift = quantize_multiplier(input1_quant.scale * input2_quant.scale / output_quant.scale)
    check_defined_shift(shift)
    fields |= quantized_fields(input1_quant, input2_quant, output_quant, fused_activation)
    return MulParams(output_multiplier=multiplier, output_shift=shift, **fields)
