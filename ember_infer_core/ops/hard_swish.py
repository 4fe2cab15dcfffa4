"""HARD_SWISH of int8, in the 16-bit fixed point of the original implementation on NEON."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ember_infer_core.errors import Undefined
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.lookup import LookupParams, Prepare, prepare_function
from ember_infer_core.quantization import QuantParam, quantize_multiplier

__all__ = ["HardSwishParams", "prepare"]

_INT16_MIN, _INT16_MAX = -(2**15), 2**15 - 1
_HIGH_RESOLUTION = 1 << 7
_RELUISH_SCALE = float(np.float32(3.0) / np.float32(32768.0))
_MAX_LEFT_SHIFT = 31


@dataclass(slots=True, kw_only=True, eq=False)
class HardSwishParams(LookupParams):
    """HARD_SWISH: of a class of its own, because ESP-NN's kernel for it asks for scratch.

    All fields are described in :class:`LookupParams`.
    """


def _hard_swish(values: Int64Array, input: QuantParam, output: QuantParam) -> Int64Array:
    """``x * relu6(x + 3) / 6``. Source: TFLM ``HardSwishPrepare`` and ``reference_ops::HardSwish``.

    Raises:
        ValueError: the output's scale is too fine.
        Undefined: the input's scale asks for a shift that C does not define.
    """
    fine_scale = input.scale / _HIGH_RESOLUTION
    output_multiplier, output_shift = _multiplier16(fine_scale / output.scale)
    if output_shift > 0:
        raise ValueError(f"the input's scale {input.scale:g} is 128 or more times the output's {output.scale:g}")
    fine = (values - input.zero_point) * _HIGH_RESOLUTION
    product = _high_mul(_reluish(fine, fine_scale), _high_mul(fine, output_multiplier), rounding=False)
    return _int16(_rounding_shift_right(product, -output_shift) + output.zero_point)


def _reluish(fine: Int64Array, fine_scale: float) -> Int64Array:
    """``relu6(x + 3) / 6`` as Q0.15: ``x / 3`` saturates at -1 and 1 and is brought from there to 0 and 1."""
    multiplier, shift = _multiplier16(fine_scale / _RELUISH_SCALE)
    if shift > _MAX_LEFT_SHIFT:
        raise Undefined(
            f"the input's scale asks for a shift by {shift - 1} bits; "
            "what TensorFlow Lite Micro computes then is undefined"
        )
    if shift > 0:
        third = _saturated(_high_mul(_saturated(fine << shift - 1), multiplier) << 1)
    else:
        third = _rounding_shift_right(_high_mul(fine, multiplier), -shift)
    return third + (1 << 15) >> 1


def _multiplier16(real: float) -> tuple[int, int]:
    """A multiplier of 16 bits and its shift. Source: TFLM ``DownScaleInt32ToInt16Multiplier``."""
    multiplier, shift = quantize_multiplier(real)
    return min(multiplier + (1 << 15) >> 16, _INT16_MAX), shift


def _high_mul(a: Int64Array, b: Int64Array | int, rounding: bool = True) -> Int64Array:
    """``a * b / 2**15`` of int16 values: rounded, ties up, or truncated towards zero.

    Source: gemmlowp ``SaturatingRoundingDoublingHighMul`` and TFLM ``SaturatingDoublingHighMul``.
    """
    product = a * b
    if rounding:
        return product + (1 << 14) >> 15
    truncated: Int64Array = np.sign(product) * (np.abs(product) >> 15)
    return truncated


def _rounding_shift_right(x: Int64Array, exponent: int) -> Int64Array:
    """``x / 2**exponent`` rounded, ties away from zero. From 16 bits on gemmlowp's mask is -1 in an int16, and the
    result 1 of what is not negative and -1 of the rest. Source: gemmlowp ``RoundingDivideByPOT``.
    """
    mask = (1 << exponent) - 1 if exponent < 16 else -1
    rounded: Int64Array = (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0))
    return rounded


def _saturated(x: Int64Array) -> Int64Array:
    return np.clip(x, _INT16_MIN, _INT16_MAX)


def _int16(x: Int64Array) -> Int64Array:
    """As C keeps it in an int16."""
    return x.astype(np.int16).astype(np.int64)


prepare: Prepare = prepare_function(_hard_swish, HardSwishParams)
