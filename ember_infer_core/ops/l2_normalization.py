"""L2_NORMALIZATION: parameters, their preparation, and the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.reduction import RowParams, check_rows
from ember_infer_core.quantization import INT8_MAX, INT8_MIN, UNQUANTIZED, QuantParam
from ember_infer_core.slots import INT8, DType, Int8Array, Shape
from ember_infer_core.transcendental import inverse_square_root

__all__ = ["EPSILON", "MAX_RANK", "L2NormalizationParams", "l2_normalized_rows", "prepare"]

MAX_RANK = 4
# The least length that float32 rows are divided by.
EPSILON = np.float32(1e-6)

_OUTPUT_SHIFT = 7


@dataclass(slots=True, kw_only=True, eq=False)
class L2NormalizationParams(RowParams):
    """Each row along the last axis, divided by its length.

    int8: the output's scale is 1/128 and its zero point 0, whatever the model says. float32: a length below 1e-6 counts
    as 1e-6.

    Fields that are not named here are described in :class:`RowParams`.

    Attributes:
        input_offset: minus the input's zero point.
    """

    input_offset: int = 0


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    dtype: DType = INT8,
    input_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> L2NormalizationParams:
    """The parameters of a call. Source: TFLM ``l2norm.cc``.

    Raises:
        InvalidShape: the shapes contradict each other.
        Undefined: a scalar, whose last axis TFLM looks for beyond its shape.
        ValueError: TFLM refuses the rank or the activation.
    """
    if fused_activation is not FusedActivation.NONE:
        raise ValueError(f"fused activation {fused_activation.name} is not supported")
    if len(input_shape) > MAX_RANK:
        raise ValueError(f"shape {list(input_shape)} is of a rank above {MAX_RANK}")
    check_rows(input_shape, output_shape)
    return L2NormalizationParams(
        input_shape=input_shape,
        output_shape=output_shape,
        dtype=dtype,
        input_quant=input_quant,
        output_quant=output_quant,
        input_offset=-input_quant.zero_point,
    )


def l2_normalized_rows(params: L2NormalizationParams, rows: Int64Array) -> Int8Array:
    """The results for rows of int8 values. Source: TFLM ``reference_integer_ops::L2Normalization``."""
    values = rows + params.input_offset
    squares = wrap_int32((values * values).sum(axis=-1, keepdims=True))
    multiplier, shift = inverse_square_root(squares)
    scaled = multiply_by_quantized_multiplier(values, multiplier, shift + _OUTPUT_SHIFT)
    return np.clip(scaled, INT8_MIN, INT8_MAX).astype(np.int8)
