"""EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL: parameters, their preparation, and the answers."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.pairs import broadcast_fields
from ember_infer_core.ops.rescaled_pairs import CommonScalePairParams, common_scale_fields
from ember_infer_core.quantization import UNQUANTIZED, QuantParam
from ember_infer_core.slots import BOOL, INT8, AnyArray, DType, Shape

__all__ = ["Comparison", "ComparisonParams", "prepare"]

_LEFT_SHIFT = 8
_COMMON_SCALE = 1.0


class Comparison(enum.Enum):
    """What is asked of two values; the names are the operators', and those of NumPy's functions."""

    EQUAL = "equal"
    NOT_EQUAL = "not_equal"
    GREATER = "greater"
    GREATER_EQUAL = "greater_equal"
    LESS = "less"
    LESS_EQUAL = "less_equal"


@dataclass(slots=True, kw_only=True, eq=False)
class ComparisonParams(CommonScalePairParams):
    """Whether the elements of two tensors, broadcast as NumPy does, compare as asked; the output is bool.

    The common scale of int8 inputs is 1, at which they are rounded to multiples of ``2**-left_shift``, before they are
    compared.

    Fields that are not named here are described in :class:`CommonScalePairParams`.

    Attributes:
        comparison: what is asked.
    """

    comparison: Comparison

    @property
    def output_dtype(self) -> DType:
        """Bool."""
        return BOOL

    @override
    def quantized(self, values1: Int64Array, values2: Int64Array) -> npt.NDArray[np.bool_]:
        """The answers. Source: TFLM ``ComparisonWithScaling``."""
        return self.plain(*self.rescaled(values1, values2))

    @override
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
    return ComparisonParams(
        comparison=comparison,
        input1_quant=input1_quant,
        input2_quant=input2_quant,
        input1_offset=-input1_quant.zero_point,
        input2_offset=-input2_quant.zero_point,
        **fields,
        **common_scale_fields(input1_quant, input2_quant, _COMMON_SCALE, _LEFT_SHIFT),
    )
