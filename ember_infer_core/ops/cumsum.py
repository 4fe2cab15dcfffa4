"""CUMSUM: parameters, their preparation, and the scaling of the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.reduction import RowParams
from ember_infer_core.quantization import (
    INT8_MAX,
    INT8_MIN,
    UNQUANTIZED,
    QuantParam,
    quantize_multiplier_smaller_than_one_exp,
)
from ember_infer_core.slots import INT8, DType, Int8Array, Shape

__all__ = ["CumsumParams", "cumsum_elements", "prepare"]

_LEFT_SHIFT = 20


@dataclass(slots=True, kw_only=True, eq=False)
class CumsumParams(RowParams):
    """Sums of all elements up to each one along an axis.

    int8: a sum begins at ``input_offset``, not at 0 (a fault of TFLM's kernel, which devices have too), and each
    ``input + input_offset`` is added. The sum, times ``2**19``, is kept in an int32, where it wraps; then it is scaled
    by ``output_multiplier * 2**(output_shift - 31)``, offset by ``output_offset`` and clamped to int8.

    float32: sums in float32, from 0 on.

    Fields that are not named here are described in :class:`RowParams`.

    Attributes:
        axis: counted from 0.
        exclusive: the sum for an element is without it.
        reverse: from the last element to the first.
    """

    axis: int
    exclusive: bool
    reverse: bool
    input_offset: int = 0
    output_offset: int = 0
    output_multiplier: int = 0
    output_shift: int = 0


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    axes: Sequence[int],
    exclusive: bool = False,
    reverse: bool = False,
    dtype: DType = INT8,
    input_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> CumsumParams:
    """The parameters of a call. Source: TFLM ``cumsum.cc``.

    Args:
        input_shape: of rank 1 or more.
        output_shape: equal.
        axes: the one axis; a negative one counts from the last.
        exclusive: see :class:`CumsumParams`.
        reverse: likewise.
        dtype: int8 or float32.
        input_quant: of int8.
        output_quant: likewise.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses the axis or these scales.
    """
    if not input_shape or input_shape != output_shape:
        raise InvalidShape(f"shapes {list(input_shape)} and {list(output_shape)} must be equal and not scalar")
    if len(axes) != 1:
        raise ValueError(f"{len(axes)} axes, where 1 is wanted")
    axis = axes[0]
    if not -len(input_shape) <= axis < len(input_shape):
        raise ValueError(f"axis {axis} does not exist in shape {list(input_shape)}")
    params = CumsumParams(
        input_shape=input_shape,
        output_shape=output_shape,
        dtype=dtype,
        input_quant=input_quant,
        output_quant=output_quant,
        axis=axis % len(input_shape),
        exclusive=exclusive,
        reverse=reverse,
    )
    if dtype == np.int8:
        params.output_multiplier, params.output_shift = quantize_multiplier_smaller_than_one_exp(
            2 * input_quant.scale / ((1 << _LEFT_SHIFT) * output_quant.scale)
        )
        params.input_offset, params.output_offset = -input_quant.zero_point, output_quant.zero_point
    return params


def cumsum_elements(params: CumsumParams, totals: Int64Array) -> Int8Array:
    """The results for sums of ``input + input_offset`` that begin at ``input_offset``.

    Source: TFLM ``reference_ops::CumSum``. It shifts each element left by 20 and halves it, which is exact.
    """
    accumulated = wrap_int32(totals << (_LEFT_SHIFT - 1))
    scaled = multiply_by_quantized_multiplier(accumulated, params.output_multiplier, params.output_shift)
    return np.clip(wrap_int32(scaled + params.output_offset), INT8_MIN, INT8_MAX).astype(np.int8)
