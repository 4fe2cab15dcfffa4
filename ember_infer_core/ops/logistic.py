"""LOGISTIC of int8, and the way to gemmlowp's fixed point that it shares with TANH."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ember_infer_core.errors import Undefined
from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, rounding_divide_by_pot
from ember_infer_core.ops.lookup import LookupParams, Prepare, prepare_function
from ember_infer_core.quantization import INT8_MAX, INT8_MIN, QuantParam, calculate_input_radius, quantize_multiplier
from ember_infer_core.transcendental import logistic

__all__ = ["LogisticParams", "prepare", "within_radius"]

_INTEGER_BITS = 4
_RESULT_SHIFT = 31 - 8
_MAX_SHIFT_OF_RADIUS = 62


@dataclass(slots=True, kw_only=True, eq=False)
class LogisticParams(LookupParams):
    """LOGISTIC: of a class of its own, because ESP-NN's kernel for it asks for scratch.

    All fields are described in :class:`LookupParams`.
    """


def _logistic(values: Int64Array, input: QuantParam, output: QuantParam) -> Int64Array:
    """Source: TFLM ``reference_integer_ops::Logistic``.

    Raises:
        ValueError: the output's zero point is not -128.
        Undefined: see :func:`within_radius`.
    """
    if output.zero_point != INT8_MIN:
        raise ValueError(f"the output's zero point is {output.zero_point}; it must be {INT8_MIN}")
    operand, side = within_radius(values, input)
    result = rounding_divide_by_pot(logistic(operand), _RESULT_SHIFT) + INT8_MIN
    return np.where(side < 0, INT8_MIN, np.where(side > 0, INT8_MAX, result))


def within_radius(values: Int64Array, input: QuantParam) -> tuple[Int64Array, Int64Array]:
    """The values as Q4.27, and on which side of its range they lie: -1 below, 1 above, 0 inside.

    Raises:
        Undefined: TFLM shifts by less than 0 or more than 62 to find the range at this scale.
    """
    multiplier, shift = quantize_multiplier(input.scale * 2.0 ** (31 - _INTEGER_BITS))
    if not 0 <= shift <= _MAX_SHIFT_OF_RADIUS or not multiplier:
        raise Undefined(
            f"at the input's scale {input.scale:g} TensorFlow Lite Micro shifts by {math.frexp(input.scale)[1] + 27} "
            "bits; what TensorFlow Lite Micro computes then is undefined"
        )
    radius = calculate_input_radius(_INTEGER_BITS, shift)
    steps = values - input.zero_point
    side = np.where(steps <= -radius, -1, np.where(steps >= radius, 1, 0))
    # Beyond the radius nothing is multiplied: a shift so far to the left would mean nothing.
    return multiply_by_quantized_multiplier(np.where(side == 0, steps, 0), multiplier, shift), side


prepare: Prepare = prepare_function(_logistic, LogisticParams)
