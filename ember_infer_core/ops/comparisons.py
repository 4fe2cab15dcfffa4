"""EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL: parameters, their preparation, and the answers."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier
from ember_infer_core.ops.pairs import PairParams, broadcast_fields
from ember_infer_core.quantization import UNQUANTIZED, QuantParam, quantize_multiplier_smaller_than_one_exp
from ember_infer_core.slots import BOOL, INT8, AnyArray, DType, Shape

__all__ = ["Comparison", "ComparisonParams", "prepare"]

_LEFT_SHIFT = 8


class Comparison(enum.Enum):
    """What is asked of two values; the names are the operators', and those of NumPy's functions."""

    EQUAL = "equal"
    NOT_EQUAL = "not_equal"
    GREATER = "greater"
    GREATER_EQUAL = "greater_equal"
    LESS = "less"
    LESS_EQUAL = "less_equal"


@dataclass(slots=True, kw_only=True, eq=False)
class ComparisonParams(PairParams):
    """Whether the elements of two tensors, broadcast as NumPy does, compare as asked; the output is bool.

    Both int8 inputs, less their zero points, are shifted left by ``left_shift`` and scaled by their own scales, rounded
    to whole numbers, before they are compared.

    Attributes:
        comparison: what is asked.
        input1_multiplier, input1_shift, ...: fixed-point factors; the shifts are zero or negative (to the right).
    """

    comparison: Comparison
    left_shift: int = 0
    input1_multiplier: int = 0
    input1_shift: int = 0
    input2_multiplier: int = 0
    input2_shift: int = 0

    @property
    def output_dtype(self) -> DType:
        """Bool."""
        return BOOL

    def quantized(self, values1: Int64Array, values2: Int64Array) -> npt.NDArray[np.bool_]:
        """The answers. Source: TFLM ``ComparisonWithScaling``."""
        shifted1 = (values1 + self.input1_offset) << self.left_shift
        shifted2 = (values2 + self.input2_offset) << self.left_shift
        return self.plain(
            multiply_by_quantized_multiplier(shifted1, self.input1_multiplier, self.input1_shift),
            multiply_by_quantized_multiplier(shifted2, self.input2_multiplier, self.input2_shift),
        )

    def plain(self, values1: AnyArray, values2: AnyArray) -> npt.NDArray[np.bool_]:
        """The answers. Source: TFLM ``ComparisonImpl``."""
        compared: npt.NDArray[np.bool_] = getattr(np, self.comparison.value)(values1, values2)
        return compared


def prepare(
    *,
    input1_shape: Shape,
    input2_shape: Shape,
    output_shape: Shape,
    comparison: Comparison,
    dtype: DType = INT8,
    input1_quant: QuantParam = UNQUANTIZED,
    input2_quant: QuantParam = UNQUANTIZED,
) -> ComparisonParams:
    """The parameters of a call over int8, float32, int32 or bool. Source: TFLM ``ComparisonsPrepare``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: an int8 input has a scale of 1 or more, where TFLM stops.
    """
    fields = broadcast_fields(input1_shape, input2_shape, output_shape, dtype)
    if dtype != INT8:
        return ComparisonParams(comparison=comparison, **fields)
    multiplier1, shift1 = quantize_multiplier_smaller_than_one_exp(input1_quant.scale)
    multiplier2, shift2 = quantize_multiplier_smaller_than_one_exp(input2_quant.scale)
    return ComparisonParams(
        comparison=comparison,
        left_shift=_LEFT_SHIFT,
        input1_multiplier=multiplier1,
        input1_shift=shift1,
        input2_multiplier=multiplier2,
        input2_shift=shift2,
        input1_quant=input1_quant,
        input2_quant=input2_quant,
        input1_offset=-input1_quant.zero_point,
        input2_offset=-input2_quant.zero_point,
        **fields,
    )
