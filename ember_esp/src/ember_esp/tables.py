"""Arithmetic in which kernels differ from TensorFlow Lite Micro's for some values, tried on all values there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ember_infer_core import quantize_multiplier
from ember_infer_core.fixed_point import multiply_by_quantized_multiplier, wrap_int32

if TYPE_CHECKING:
    from ember_infer_core import LookupParams, MulParams

__all__ = ["multiplier16", "p4_hard_swish_differs", "s3_mul_tail_differs"]

Int64Array = npt.NDArray[np.int64]

_INT8 = np.arange(-128, 128, dtype=np.int64)
_RELUISH_SCALE = float(np.float32(3.0) / np.float32(32768.0))


def s3_mul_tail_differs(params: MulParams, after_vectors: bool) -> bool:
    """Whether the ESP32-S3's scalar loop gives any pair of int8 values another product.

    Its division rounds ties of negative numbers towards zero. Its high product is rounded only if the vector loop has
    run before it: otherwise the register that holds the rounding term still holds the right shift.

    Args:
        params: of an elementwise product.
        after_vectors: whether the vector loop has run.
    """
    products = np.unique(np.multiply.outer(_INT8 + params.input1_offset, _INT8 + params.input2_offset))
    left, right = max(params.output_shift, 0), max(-params.output_shift, 0)
    rounding = 1 << 30 if after_vectors else right
    scaled = wrap_int32((wrap_int32(products << left) * params.output_multiplier + rounding) >> 31)
    if right > 0:
        scaled = wrap_int32(scaled + (scaled < 0) + (1 << (right - 1) if right < 33 else 0)) >> min(right, 31)
    exact = multiply_by_quantized_multiplier(products, params.output_multiplier, params.output_shift)
    return bool((_result(scaled, params) != _result(exact, params)).any())


def _result(scaled: Int64Array, params: MulParams) -> Int64Array:
    return np.clip(wrap_int32(scaled + params.output_offset), params.activation_min, params.activation_max)


def p4_hard_swish_differs(params: LookupParams) -> bool:
    """Whether the ESP32-P4 gives any int8 value another HARD_SWISH: it floors the last product, and TFLM truncates."""
    fine = (_INT8 - params.input_quant.zero_point) * 128
    fine_scale = params.input_quant.scale / 128
    output_multiplier, output_shift = multiplier16(fine_scale / params.output_quant.scale)
    multiplier, shift = multiplier16(fine_scale / _RELUISH_SCALE)
    third = _rounded_product(_int16_clipped(fine << max(shift - 1, 0)), multiplier)
    third = _int16_clipped(third << 1) if shift > 0 else _divided(third, -shift)
    gate = (third + (1 << 15)) >> 1
    product = (gate * _rounded_product(fine, output_multiplier)) >> 15
    result = np.clip(_divided(product, -output_shift) + params.output_quant.zero_point, -128, 127)
    return params.table is not None and bool((result != params.table).any())


def multiplier16(real: float) -> tuple[int, int]:
    """A multiplier of 16 bits and its shift. Source: TFLM ``DownScaleInt32ToInt16Multiplier``."""
    multiplier, shift = quantize_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1), shift


def _rounded_product(values: Int64Array, multiplier: int) -> Int64Array:
    return (values * multiplier + (1 << 14)) >> 15


def _int16_clipped(values: Int64Array) -> Int64Array:
    return np.clip(values, -(1 << 15), (1 << 15) - 1)


def _divided(values: Int64Array, exponent: int) -> Int64Array:
    """Divided by a power of two, halves away from zero."""
    mask = (1 << exponent) - 1
    return (values >> exponent) + ((values & mask) > (mask >> 1) + (values < 0))
