"""TANH of int8: the output's scale counts as 1/128 and its zero point as 0, whatever the file says."""

from __future__ import annotations

import numpy as np

from ember_infer_core.fixed_point import Int64Array, rounding_divide_by_pot
from ember_infer_core.ops.logistic import within_radius
from ember_infer_core.ops.lookup import Prepare, prepare_function
from ember_infer_core.quantization import INT8_MAX, INT8_MIN, QuantParam
from ember_infer_core.transcendental import tanh

__all__ = ["prepare"]

_RESULT_SHIFT = 31 - 7


def _tanh(values: Int64Array, input: QuantParam, output: QuantParam) -> Int64Array:
    """Source: TFLM ``reference_integer_ops::Tanh``.

    Raises:
        Undefined: see :func:`within_radius`.
    """
    operand, side = within_radius(values, input)
    result = rounding_divide_by_pot(tanh(operand), _RESULT_SHIFT)
    return np.where(side < 0, INT8_MIN, np.where(side > 0, INT8_MAX, result))


prepare: Prepare = prepare_function(_tanh)
