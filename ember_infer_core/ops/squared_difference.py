"""SQUARED_DIFFERENCE: parameters, their preparation, and the squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from ember_infer_core.fixed_point import Int64Array, wrap_int32
from ember_infer_core.ops.pairs import broadcast_fields, quantized_fields
from ember_infer_core.ops.rescaled_pairs import RescaledPairParams, common_scale_fields
from ember_infer_core.quantization import UNQUANTIZED, QuantParam, check_defined_shift, quantize_multiplier
from ember_infer_core.slots import INT8, AnyArray, DType, Int8Array, Shape

__all__ = ["SquaredDifferenceParams", "prepare"]

_LEFT_SHIFT = 7


@dataclass(slots=True, kw_only=True, eq=False)
class SquaredDifferenceParams(RescaledPairParams):
    """Square of the elementwise difference of two tensors, broadcast as NumPy does; int8 ones are quantised.

    Fields that are not named here are described in :class:`RescaledPairParams`.
    """

    @override
    def quantized(self, values1: Int64Array, values2: Int64Array) -> Int8Array:
        """The squares. Source: TFLM ``SquaredDifference`` with ``ArithmeticParams``."""
        first, second = self.rescaled(values1, values2)
        return self.requantized(wrap_int32((first - second) ** 2), self.output_multiplier, self.output_shift)

    @override
    def plain(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """The squares. Source: TFLM ``SquaredDifference``."""
        difference = np.subtract(values1, values2)
        return np.multiply(difference, difference)


def prepare(
    *,
    input1_shape: Shape,
    input2_shape: Shape,
    output_shape: Shape,
    dtype: DType = INT8,
    input1_quant: QuantParam = UNQUANTIZED,
    input2_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> SquaredDifferenceParams:
    """The parameters of a call over int8, float32 or int32. Source: TFLM ``SquaredDifferencePrepare``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales, or leaves undefined what it computes.
    """
    fields = broadcast_fields(input1_shape, input2_shape, output_shape, dtype)
    if dtype != INT8:
        return SquaredDifferenceParams(**fields)
    common = 2 * max(input1_quant.scale, input2_quant.scale)
    multiplier, shift = quantize_multiplier(common * common / ((1 << 2 * _LEFT_SHIFT) * output_quant.scale))
    check_defined_shift(shift)
    fields |= common_scale_fields(input1_quant, input2_quant, common, _LEFT_SHIFT)
    fields |= quantized_fields(input1_quant, input2_quant, output_quant)
    return SquaredDifferenceParams(output_multiplier=multiplier, output_shift=shift, **fields)
