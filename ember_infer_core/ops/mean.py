"""MEAN and SUM: parameters, their preparation, and the scaling of the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.reduction import ReductionParams, reduction_fields
from ember_infer_core.quantization import (
    UNQUANTIZED,
    QuantParam,
    check_defined_shift,
    integer_range,
    quantize_multiplier,
)
from ember_infer_core.slots import INT8, AnyArray, DType, Shape

__all__ = ["MeanParams", "mean_elements", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class MeanParams(ReductionParams):
    """The sum of all elements along ``axes``, for MEAN divided by how many they are.

    int8 and int16: the sum of ``input + input_offset`` in int32, wrapping, is scaled by
    ``output_multiplier * 2**(output_shift - 31)``, which holds the division, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``, the type's range.

    float32: the sum in float32, in the order of the elements in memory, is divided by ``divisor``.

    Fields that are not named here are described in :class:`ReductionParams`.

    Attributes:
        count: how many elements a sum has.
        divisor: of a float32 sum: ``count`` in MEAN, 1 in SUM.
    """

    count: int
    divisor: int
    input_offset: int = 0
    output_offset: int = 0
    output_multiplier: int = 0
    output_shift: int = 0
    activation_min: int = 0
    activation_max: int = 0


def prepare(
    *,
    mean: bool,
    input_shape: Shape,
    output_shape: Shape,
    axes: Sequence[int],
    dtype: DType = INT8,
    input_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> MeanParams:
    """The parameters of a call. Source: TFLM ``PrepareMeanOrSumHelper`` and ``QuantizedMeanOrSum``.

    Args:
        mean: MEAN, or else SUM.
        input_shape: see :class:`MeanParams`.
        output_shape: likewise.
        axes: any order, repeated or not; a negative one counts from the last.
        dtype: int8, int16 or float32.
        input_quant: of integers.
        output_quant: likewise.

    Raises:
        InvalidShape: the output has not as many elements as the other axes.
        Undefined: an axis that the input does not have, or a scale with which TFLM computes what nobody has defined.
    """
    fields = reduction_fields(input_shape, output_shape, axes, dtype)
    count = element_count(tuple(input_shape[axis] for axis in fields["axes"]))
    params = MeanParams(
        count=count, divisor=count if mean else 1, input_quant=input_quant, output_quant=output_quant, **fields
    )
    if dtype != np.float32:
        multiplier, shift = quantize_multiplier(input_quant.scale / output_quant.scale)
        if mean:
            multiplier, shift = _divided(multiplier, shift, count)
        check_defined_shift(shift)
        params.output_multiplier, params.output_shift = multiplier, shift
        params.input_offset, params.output_offset = -input_quant.zero_point, output_quant.zero_point
        params.activation_min, params.activation_max = integer_range(dtype)
    return params


def _divided(multiplier: int, shift: int, count: int) -> tuple[int, int]:
    """The multiplier of a mean: ``count`` divides it, after a shift that leaves it most of its bits."""
    bits = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << bits) // count, shift - bits


def mean_elements(params: MeanParams, totals: Int64Array) -> AnyArray:
    """The results for sums of raw int8 or int16 elements. Source: TFLM ``QuantizedMeanOrSum``."""
    shifted = wrap_int32(totals + params.input_offset * params.count)
    scaled = multiply_by_quantized_multiplier(shifted, params.output_multiplier, params.output_shift)
    result = wrap_int32(scaled + params.output_offset)
    return np.clip(result, params.activation_min, params.activation_max).astype(params.dtype)
