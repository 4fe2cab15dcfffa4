"""LEAKY_RELU: parameters and, of int8, the function."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ember_infer_core.errors import Undefined
from ember_infer_core.fixed_point import Int64Array, wrap_int32
from ember_infer_core.ops.lookup import LookupParams, lookup_fields, rescaled
from ember_infer_core.quantization import UNQUANTIZED, QuantParam
from ember_infer_core.slots import INT8, DType, Shape

__all__ = ["LeakyReluParams", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class LeakyReluParams(LookupParams):
    """``x`` where it is positive, otherwise ``alpha * x``.

    Fields that are not named here are described in :class:`LookupParams`.

    Attributes:
        alpha: the slope of negative values, a float32 of either sign.
    """

    alpha: float


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    alpha: float,
    dtype: DType = INT8,
    input_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> LeakyReluParams:
    """The parameters of a call. Source: TFLM ``CalculateOpDataLeakyRelu``.

    Raises:
        InvalidShape: the shapes contradict each other.
        Undefined: of int8, alpha is not finite or the scales ask for a shift that C does not define.
    """

    def leaky_relu(values: Int64Array, input: QuantParam, output: QuantParam) -> Int64Array:
        """Source: TFLM ``QuantizeLeakyRelu``."""
        if not math.isfinite(alpha):
            raise Undefined(f"alpha is {alpha}; what TensorFlow Lite Micro computes then is undefined")
        steps = values - input.zero_point
        positive = rescaled(steps, input.scale / output.scale)
        # The sign comes after the rounding, which is not symmetric.
        negative = rescaled(steps, abs(input.scale * alpha / output.scale)) * (-1 if alpha < 0 else 1)
        return wrap_int32(np.where(steps >= 0, positive, negative) + output.zero_point)

    fields = lookup_fields(leaky_relu, input_shape, output_shape, dtype, input_quant, output_quant)
    return LeakyReluParams(alpha=alpha, **fields)
