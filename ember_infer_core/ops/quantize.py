"""QUANTIZE: parameters, their preparation, and the quantised values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.common import check_same_shape
from ember_infer_core.ops.lookup import LookupParams, tabulated
from ember_infer_core.quantization import (
    INT32_MIN,
    UNQUANTIZED,
    QuantParam,
    check_defined_shift,
    integer_range,
    quantize_multiplier,
    round_half_away_from_zero,
)
from ember_infer_core.slots import AnyArray, DType, Shape

__all__ = ["QuantizeParams", "prepare", "quantize_elements"]


@dataclass(slots=True, kw_only=True, eq=False)
class QuantizeParams(LookupParams):
    """Real values, or quantised ones, in the output's quantisation.

    Fields that are not named here are described in :class:`LookupParams`.

    Attributes:
        multiplier, shift: input scale over output scale as a fixed-point factor; 0 where the input is float32.
    """

    multiplier: int = 0
    shift: int = 0


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    input_dtype: DType,
    output_dtype: DType,
    output_quant: QuantParam,
    input_quant: QuantParam = UNQUANTIZED,
) -> QuantizeParams:
    """The parameters of a call. Source: TFLM ``PrepareQuantizeReference``.

    Raises:
        InvalidShape: the shapes differ.
        Undefined: TFLM leaves undefined what these scales give.
    """
    check_same_shape(input_shape, output_shape)
    params = QuantizeParams(
        input_shape=input_shape,
        output_shape=output_shape,
        input_dtype=input_dtype,
        output_dtype=output_dtype,
        input_quant=input_quant,
        output_quant=output_quant,
    )
    if input_dtype != np.float32:
        params.multiplier, params.shift = quantize_multiplier(input_quant.scale / output_quant.scale)
        check_defined_shift(params.shift)
    if input_dtype.itemsize == 1:
        params.table = tabulated(lambda values: quantize_elements(params, values), input_dtype, output_dtype)
    return params


def quantize_elements(params: QuantizeParams, values: AnyArray) -> AnyArray:
    """The quantised values. Sources: TFLM ``reference_ops::AffineQuantize`` and ``reference_ops::Requantize``."""
    steps = _divided(params, values) if params.input_dtype == np.float32 else _rescaled(params, values)
    moved = wrap_int32(steps + params.output_quant.zero_point)
    return np.clip(moved, *integer_range(params.output_dtype)).astype(params.output_dtype)


def _rescaled(params: QuantizeParams, values: AnyArray) -> Int64Array:
    offset = wrap_int32(values.astype(np.int64) - params.input_quant.zero_point)
    return multiply_by_quantized_multiplier(offset, params.multiplier, params.shift)


def _divided(params: QuantizeParams, values: AnyArray) -> Int64Array:
    """Rounded quotients. C leaves undefined what becomes of those beyond int32, infinities and NaN: here it is what
    TFLM's wheel gives, the least int32, as x86's conversion has it.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        quotients = np.divide(values, np.float32(params.output_quant.scale))
    rounded = round_half_away_from_zero(quotients)
    return np.where(np.abs(rounded) < -INT32_MIN, rounded, INT32_MIN).astype(np.int64)
