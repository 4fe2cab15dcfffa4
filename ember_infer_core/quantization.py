"""Quantisation parameters and the scalar arithmetic that turns real scales into fixed-point ones.

The functions carry the names they have in TensorFlow Lite Micro and compute the same values, bit for bit. Sources:
``tensorflow/lite/kernels/internal/quantization_util.cc`` and ``tensorflow/lite/kernels/kernel_util.cc``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import CLAMPS, FusedActivation
from ember_infer_core.errors import Undefined, UnsupportedActivation

INT8_MIN = -128
INT8_MAX = 127
INT32_MIN = -(2**31)
INT32_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class QuantParam:
    """Affine quantisation of a whole tensor: ``real = scale * (q - zero_point)``."""

    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class PerChannelQuantParam:
    """Symmetric quantisation of weights, one scale for each output channel along ``quantized_dimension``."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    quantized_dimension: int


AnyQuantParam: TypeAlias = QuantParam | PerChannelQuantParam

# For tensors whose elements are the values themselves.
UNQUANTIZED = QuantParam(1.0, 0)

MAX_LEFT_SHIFT = 30


def quantize_multiplier(real_multiplier: float) -> tuple[int, int]:
    """Splits a real multiplier into ``(q, shift)`` with ``real ≈ q * 2**(shift - 31)`` and ``2**30 <= q < 2**31``.

    A positive shift is to the left. A multiplier below about 2**-32 becomes ``(0, 0)``.
    Source: TFLM ``QuantizeMultiplier``.
    """
    if real_multiplier == 0.0:
        return 0, 0
    mantissa, shift = math.frexp(real_multiplier)
    q = _round_half_away_from_zero(mantissa * (1 << 31))
    if q == 1 << 31:  # the mantissa rounded up to one
        q //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return q, shift


def quantize_multiplier_smaller_than_one_exp(real_multiplier: float) -> tuple[int, int]:
    """:func:`quantize_multiplier` for a multiplier in (0, 1); the shift is zero or to the right.

    Raises:
        ValueError: outside (0, 1), where TFLM stops the program.
    """
    if not 0.0 < real_multiplier < 1.0:
        raise ValueError(f"the multiplier {real_multiplier:g} is not between 0 and 1")
    q, shift = quantize_multiplier(real_multiplier)
    if shift > 0:
        raise ValueError(f"the multiplier {real_multiplier!r} rounds to 1")
    return q, shift


def quantize_multiplier_greater_than_one(real_multiplier: float) -> tuple[int, int]:
    """:func:`quantize_multiplier` for a multiplier above 1; the shift is to the left.

    Raises:
        ValueError: for 1 or less, where TFLM stops the program.
    """
    if not real_multiplier > 1.0:
        raise ValueError(f"the multiplier {real_multiplier:g} is not greater than 1")
    return quantize_multiplier(real_multiplier)


def quantize_multipliers(real_multipliers: Sequence[float]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """:func:`quantize_multiplier` of each; returns int32 multipliers and int32 shifts of that length."""
    pairs = [quantize_multiplier(real) for real in real_multipliers]
    multipliers = np.array([q for q, _ in pairs], np.int32)
    shifts = np.array([shift for _, shift in pairs], np.int32)
    multipliers.flags.writeable = shifts.flags.writeable = False
    return multipliers, shifts


def check_defined_shift(shift: int) -> None:
    """Checks the shift of an output multiplier: TFLM's ``1 << shift`` in int32 means nothing beyond 30.

    Raises:
        Undefined: it is larger.
    """
    if shift > MAX_LEFT_SHIFT:
        raise Undefined(
            f"its scales give an output multiplier of 2**{MAX_LEFT_SHIFT} or more; "
            "what TensorFlow Lite Micro computes then is undefined"
        )


def effective_scales(input_scale: float, weight_scales: Sequence[float], output_scale: float) -> list[float]:
    """``input * weight / output`` in double precision, from float32 scales, one for each output channel."""
    return [input_scale * weight_scale / output_scale for weight_scale in weight_scales]


def calculate_activation_range_quantized(activation: FusedActivation, output: QuantParam) -> tuple[int, int]:
    """The int8 clamp ``(min, max)`` of a fused activation. Source: TFLM ``CalculateActivationRangeQuantized``.

    Raises:
        UnsupportedActivation: for TANH, SIGN_BIT and SIGMOID, which are no clamps.
        ValueError: when a bound does not fit into int32 at this scale, where TFLM refuses the model.
    """
    bounds = _CLAMPS.get(activation)
    if bounds is None:
        raise UnsupportedActivation(f"fused activation {activation.name} is not a clamp and has no INT8 kernel")
    lower, upper = bounds
    q_min = INT8_MIN if lower is None else max(INT8_MIN, _quantize_bound(lower, output))
    q_max = INT8_MAX if upper is None else min(INT8_MAX, _quantize_bound(upper, output))
    return q_min, q_max


def activation_range(activation: FusedActivation, output: QuantParam) -> tuple[int, int]:
    """:func:`calculate_activation_range_quantized`; the whole range for an activation that is no clamp, so that the
    backend says what it makes of it.

    Raises:
        ValueError: when a bound does not fit into int32 at this scale, where TFLM refuses the model.
    """
    if activation not in CLAMPS:
        return INT8_MIN, INT8_MAX
    return calculate_activation_range_quantized(activation, output)


def plain_activation_range(activation: FusedActivation) -> tuple[float | None, float | None]:
    """The bounds of a fused activation on real values, None where there is none. Source: TFLM
    ``CalculateActivationRange``.
    """
    return _CLAMPS.get(activation, (None, None))


_CLAMPS: dict[FusedActivation, tuple[float | None, float | None]] = {
    FusedActivation.NONE: (None, None),
    FusedActivation.RELU: (0.0, None),
    FusedActivation.RELU_N1_TO_1: (-1.0, 1.0),
    FusedActivation.RELU6: (0.0, 6.0),
}


def _quantize_bound(bound: float, quant: QuantParam) -> int:
    with np.errstate(over="ignore"):  # an overflow to infinity is reported below
        scaled = float(np.float32(bound) / np.float32(quant.scale))
    if not INT32_MIN <= scaled < 2**31:  # TFLM lets 2**31 itself through, to a conversion that C leaves undefined
        raise ValueError(f"the activation bound {bound:g} overflows int32 at scale {quant.scale:g}")
    rounded = _round_half_away_from_zero(scaled)
    return quant.zero_point + rounded


def preprocess_softmax_scaling(beta: float, input_scale: float, input_integer_bits: int = 5) -> tuple[int, int]:
    """``(input_multiplier, input_left_shift)`` of the integer softmax. Source: TFLM ``PreprocessSoftmaxScaling``.

    Raises:
        ValueError: when ``beta * input_scale`` is too small, where TFLM stops the program.
    """
    real = min(beta * input_scale * (1 << (31 - input_integer_bits)), float(INT32_MAX))
    return quantize_multiplier_greater_than_one(real)


def calculate_input_radius(input_integer_bits: int, input_left_shift: int, total_signed_bits: int = 31) -> int:
    """The largest input difference that stays in range after scaling. Source: TFLM ``CalculateInputRadius``."""
    scaled = ((1 << input_integer_bits) - 1) * (1 << (total_signed_bits - input_integer_bits))
    return math.floor(scaled / (1 << input_left_shift))


def integer_range(dtype: npt.DTypeLike) -> tuple[int, int]:
    """The least and the greatest value of an integer type."""
    limits = np.iinfo(np.dtype(dtype).name)
    return int(limits.min), int(limits.max)


def quantize(real: npt.ArrayLike, quant: QuantParam, dtype: npt.DTypeLike = np.int8) -> npt.NDArray[Any]:
    """Real values to integers: ``round(real / scale) + zero_point``, half away from zero, saturating; NaN is refused.

    Source: TFLM ``FloatToQuantizedType`` (the division is in float32).

    Args:
        real: values, taken as float32.
        quant: of the result.
        dtype: of the result: int8, uint8, int16 or int32.
    """
    values = np.asarray(real, np.float32)
    if np.isnan(values).any():
        raise ValueError("NaN has no quantised value")
    with np.errstate(over="ignore"):  # an overflow saturates, as any large value does
        scaled = values / np.float32(quant.scale)
    quantized = round_half_away_from_zero(scaled) + quant.zero_point
    q: npt.NDArray[Any] = np.clip(quantized, *integer_range(dtype)).astype(dtype)
    return q


def dequantize(q: npt.ArrayLike, quant: QuantParam) -> npt.NDArray[np.float32]:
    """Integers to real values: ``scale * (q - zero_point)`` in float32. Source: TFLM ``DequantizeFloat``."""
    steps = (np.asarray(q).astype(np.int64) - quant.zero_point).astype(np.float32)
    with np.errstate(over="ignore"):  # infinity, as in C
        real: npt.NDArray[np.float32] = steps * np.float32(quant.scale)
    return real


def round_half_away_from_zero(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """C's ``roundf`` of each value, in float64; infinities and NaN stay what they are."""
    exact = values.astype(np.float64)
    rounded: npt.NDArray[np.float64] = np.trunc(exact + np.copysign(0.5, exact))
    return rounded


def _round_half_away_from_zero(value: float) -> int:
    """C's ``round``; values so large that they have no fraction pass unchanged."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value)) if abs(value) < 2.0**52 else int(value)
