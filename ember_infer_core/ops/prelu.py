"""PRELU: parameters, their preparation, and the function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.pairs import PairParams, broadcast_fields, quantized_fields
from ember_infer_core.quantization import UNQUANTIZED, QuantParam, check_defined_shift, quantize_multiplier
from ember_infer_core.slots import INT8, AnyArray, DType, Int8Array, Shape

__all__ = ["PreluParams", "prepare"]

# Beyond it TFLM's kernel of float32 stops the program.
_MAX_FLOAT32_RANK = 4


@dataclass(slots=True, kw_only=True, eq=False)
class PreluParams(PairParams):
    """The elements of ``input1`` where they are not negative; elsewhere they are multiplied by those of ``input2``, the
    slopes, which broadcast. Of int8 either is scaled to the output's scale.

    Fields that are not named here are described in :class:`PairParams`.

    Attributes:
        output_multiplier_1, output_shift_1: the fixed-point factor of what is not negative.
        output_multiplier_2, output_shift_2: that of the products.
    """

    output_multiplier_1: int = 0
    output_shift_1: int = 0
    output_multiplier_2: int = 0
    output_shift_2: int = 0

    @override
    def quantized(self, values1: Int64Array, values2: Int64Array) -> Int8Array:
        """The results. Source: TFLM ``reference_ops::Prelu``."""
        value, slope = values1 + self.input1_offset, values2 + self.input2_offset
        kept = self.requantized(value, self.output_multiplier_1, self.output_shift_1)
        return np.where(
            value >= 0, kept, self.requantized(value * slope, self.output_multiplier_2, self.output_shift_2)
        )

    @override
    def plain(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """The results. Source: TFLM ``BroadcastPrelu4DSlowFloat``."""
        return np.where(values1 >= 0, values1, np.multiply(values1, values2))


def prepare(
    *,
    input1_shape: Shape,
    input2_shape: Shape,
    output_shape: Shape,
    dtype: DType = INT8,
    input1_quant: QuantParam = UNQUANTIZED,
    input2_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> PreluParams:
    """The parameters of a call over int8 or float32. Source: TFLM ``CalculatePreluParams``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses this rank, or leaves undefined what it computes at these scales.
    """
    fields = broadcast_fields(input1_shape, input2_shape, output_shape, dtype)
    if dtype != INT8:
        if len(output_shape) > _MAX_FLOAT32_RANK:
            raise ValueError(f"float32 has room for rank {_MAX_FLOAT32_RANK}, and not for {len(output_shape)}")
        return PreluParams(**fields)
    multiplier1, shift1 = quantize_multiplier(input1_quant.scale / output_quant.scale)
    multiplier2, shift2 = quantize_multiplier(input1_quant.scale * input2_quant.scale / output_quant.scale)
    check_defined_shift(max(shift1, shift2))
    fields |= quantized_fields(input1_quant, input2_quant, output_quant)
    return PreluParams(
        output_multiplier_1=multiplier1,
        output_shift_1=shift1,
        output_multiplier_2=multiplier2,
        output_shift_2=shift2,
        **fields,
    )
