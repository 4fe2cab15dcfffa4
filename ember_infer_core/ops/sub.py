"""SUB: parameters, their preparation, and the differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from ember_infer_core.activation import FusedActivation
from ember_infer_core.fixed_point import Int64Array, wrap_int32
from ember_infer_core.ops.pairs import broadcast_fields, plain_fields, quantized_fields
from ember_infer_core.ops.rescaled_pairs import RescaledPairParams, rescaled_fields
from ember_infer_core.quantization import UNQUANTIZED, QuantParam
from ember_infer_core.slots import INT8, AnyArray, DType, Int8Array, Shape

__all__ = ["SubParams", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class SubParams(RescaledPairParams):
    """Elementwise difference of two tensors, broadcast as NumPy does; int8 ones have a quantisation each.

    Fields that are not named here are described in :class:`RescaledPairParams`.
    """

    @override
    def quantized(self, values1: Int64Array, values2: Int64Array) -> Int8Array:
        """The differences. Source: TFLM ``reference_ops::SubElementwise``."""
        first, second = self.rescaled(values1, values2)
        return self.requantized(wrap_int32(first - second), self.output_multiplier, self.output_shift)

    @override
    def plain(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """The differences. Source: TFLM ``reference_ops::SubWithActivation``."""
        return self.clamped(np.subtract(values1, values2))


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
) -> SubParams:
    """The parameters of a call over int8, float32 or int32. Source: TFLM ``CalculateOpDataSub``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales, or leaves undefined what it computes.
    """
    fields = broadcast_fields(input1_shape, input2_shape, output_shape, dtype)
    if dtype == INT8:
        fields |= rescaled_fields(input1_quant, input2_quant, output_quant)
        fields |= quantized_fields(input1_quant, input2_quant, output_quant, fused_activation)
    else:
        fields |= plain_fields(dtype, fused_activation)
    return SubParams(**fields)
