"""Pairs of int8 that need a common scale first: what comparisons share with ADD, SUB and SQUARED_DIFFERENCE, which
bring both inputs to twice the larger scale, combine them, and scale what comes of it to the output's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier
from ember_infer_core.ops.pairs import PairParams
from ember_infer_core.quantization import QuantParam, quantize_multiplier_smaller_than_one_exp

__all__ = ["CommonScalePairParams", "RescaledPairParams", "common_scale_fields", "rescaled_fields"]

_LEFT_SHIFT = 20


@dataclass(slots=True, kw_only=True, eq=False)
class CommonScalePairParams(PairParams):
    """A function of two tensors that need a common scale first.

    Both int8 inputs, less their zero points, are shifted left by ``left_shift`` and scaled to it. The fields are 0
    where the inputs have another type.

    Fields that are not named here are described in :class:`PairParams`.

    Attributes:
        input1_multiplier, input1_shift, input2_multiplier, input2_shift: fixed-point factors; the shifts are zero or
            negative (to the right).
    """

    left_shift: int = 0
    input1_multiplier: int = 0
    input1_shift: int = 0
    input2_multiplier: int = 0
    input2_shift: int = 0

    def rescaled(self, values1: Int64Array, values2: Int64Array) -> tuple[Int64Array, Int64Array]:
        """The int8 inputs at the common scale."""
        shifted1 = (values1 + self.input1_offset) << self.left_shift
        shifted2 = (values2 + self.input2_offset) << self.left_shift
        return (
            multiply_by_quantized_multiplier(shifted1, self.input1_multiplier, self.input1_shift),
            multiply_by_quantized_multiplier(shifted2, self.input2_multiplier, self.input2_shift),
        )


@dataclass(slots=True, kw_only=True, eq=False)
class RescaledPairParams(CommonScalePairParams):
    """The common scale is twice the larger of the inputs'; what the operator makes of them is scaled to the output's,
    offset by ``output_offset`` and clamped to ``[activation_min, activation_max]``.

    Fields that are not named here are described in :class:`CommonScalePairParams`.

    Attributes:
        output_multiplier, output_shift: the fixed-point factor of that; a positive shift is to the left.
    """

    output_multiplier: int = 0
    output_shift: int = 0


def common_scale_fields(
    input1_quant: QuantParam, input2_quant: QuantParam, common: float, left_shift: int
) -> dict[str, Any]:
    """The fields of :class:`CommonScalePairParams` for the scale ``common``.

    Raises:
        ValueError: an input's scale is not below it, where TFLM stops.
    """
    multiplier1, shift1 = quantize_multiplier_smaller_than_one_exp(input1_quant.scale / common)
    multiplier2, shift2 = quantize_multiplier_smaller_than_one_exp(input2_quant.scale / common)
    return {
        "left_shift": left_shift,
        "input1_multiplier": multiplier1,
        "input1_shift": shift1,
        "input2_multiplier": multiplier2,
        "input2_shift": shift2,
    }


def rescaled_fields(input1_quant: QuantParam, input2_quant: QuantParam, output_quant: QuantParam) -> dict[str, Any]:
    """The fields of :class:`RescaledPairParams` for sums and differences.

    Raises:
        ValueError: the output's scale is so fine that TFLM stops.
    """
    common = 2 * max(input1_quant.scale, input2_quant.scale)
    multiplier, shift = quantize_multiplier_smaller_than_one_exp(common / ((1 << _LEFT_SHIFT) * output_quant.scale))
    return {
        **common_scale_fields(input1_quant, input2_quant, common, _LEFT_SHIFT),
        "output_multiplier": multiplier,
        "output_shift": shift,
    }
