"""RSQRT of int8. Values below the input's zero point are negative: TFLM stops with an error at the first of them."""

from __future__ import annotations

import math

import numpy as np

from ember_infer_core.errors import Undefined
from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.lookup import LookupParams, lookup_fields
from ember_infer_core.quantization import (
    INT8_MAX,
    INT8_MIN,
    MAX_LEFT_SHIFT,
    UNQUANTIZED,
    QuantParam,
    quantize_multiplier,
)
from ember_infer_core.slots import INT8, DType, Shape
from ember_infer_core.transcendental import inverse_square_root

__all__ = ["prepare"]

_SHIFT = 20
_MAX_RIGHT_SHIFT = 31


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    dtype: DType = INT8,
    input_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> LookupParams:
    """The parameters of a call. Source: TFLM ``SetRsqrtOutputMultiplier``.

    Raises:
        InvalidShape: the shapes contradict each other.
        Undefined: the scales ask for a shift that C does not define.
    """
    fields = lookup_fields(_rsqrt, input_shape, output_shape, dtype, input_quant, output_quant)
    return LookupParams(lowest_input=input_quant.zero_point if dtype == INT8 else None, **fields)


def _rsqrt(values: Int64Array, input: QuantParam, output: QuantParam) -> Int64Array:
    """Source: TFLM ``RsqrtEvalQuantized``."""
    multiplier, shift = quantize_multiplier(1.0 / (math.sqrt(input.scale) * output.scale))
    if not -_MAX_RIGHT_SHIFT <= shift - _SHIFT <= MAX_LEFT_SHIFT:
        raise Undefined(
            f"the scales {input.scale:g} and {output.scale:g} ask for a shift by {shift - _SHIFT} bits; "
            "what TensorFlow Lite Micro computes then is undefined"
        )
    steps = values - input.zero_point
    inverse, inverse_shift = inverse_square_root(np.maximum(steps, 0))
    data = multiply_by_quantized_multiplier(1, inverse, inverse_shift + _SHIFT)
    result = wrap_int32(multiply_by_quantized_multiplier(data, multiplier, shift - _SHIFT) + output.zero_point)
    return np.where(steps > 0, result, np.where(steps == 0, INT8_MAX, INT8_MIN))
