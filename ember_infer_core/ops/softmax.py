"""SOFTMAX: parameters, their preparation, and the exponentials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.fixed_point import (
    Int64Array,
    exp_on_negative_values,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from ember_infer_core.ops.reduction import RowParams
from ember_infer_core.quantization import (
    UNQUANTIZED,
    QuantParam,
    calculate_input_radius,
    preprocess_softmax_scaling,
)
from ember_infer_core.slots import INT8, INT16, DType, Shape

__all__ = ["SoftmaxParams", "prepare", "softmax_exponentials"]

_INTEGER_BITS = 5
_OUTPUT_QUANT = QuantParam(1 / 256, -128)
_OUTPUT_QUANT_INT16 = QuantParam(1 / 65536, -32768)
_TOLERANCE_INT16 = np.float32(0.001) / np.float32(65536)


@dataclass(slots=True, kw_only=True, eq=False)
class SoftmaxParams(RowParams):
    """Softmax along the last axis.

    int8: in fixed point; the output's scale is 1/256 and its zero point -128, or 1/65536 and -32768 where the output is
    int16. float32: ``exp((x - max) * beta) / sum``, summed in order.

    Fields that are not named here are described in :class:`RowParams`.

    Attributes:
        input_shape, output_shape: equal, of any rank from 1 up.
        dtype: of the input.
        output_dtype: of int8 int8 or int16, of float32 float32.
        beta: the factor on the input.
        input_multiplier, input_left_shift: ``beta * input scale`` as a fixed-point factor to Q5.26.
        diff_min: differences to the row's maximum below this count as exp(-inf).
    """

    beta: float
    output_dtype: DType = INT8
    input_multiplier: int = 0
    input_left_shift: int = 0
    diff_min: int = 0


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    beta: float,
    dtype: DType = INT8,
    output_dtype: DType = INT8,
    input_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> SoftmaxParams:
    """The parameters of a call. Source: TFLM ``SoftmaxPrepare``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses this quantisation.
    """
    if not input_shape or input_shape != output_shape:
        raise InvalidShape(f"shapes {list(input_shape)} and {list(output_shape)} must be equal and not scalar")
    params = SoftmaxParams(
        input_shape=input_shape,
        output_shape=output_shape,
        dtype=dtype,
        output_dtype=output_dtype,
        beta=beta,
        input_quant=input_quant,
        output_quant=output_quant,
    )
    if dtype == INT8:
        _check_output_quant(output_dtype, output_quant)
        multiplier, left_shift = preprocess_softmax_scaling(beta, input_quant.scale, _INTEGER_BITS)
        params.input_multiplier, params.input_left_shift = multiplier, left_shift
        params.diff_min = -calculate_input_radius(_INTEGER_BITS, left_shift)
    return params


def _check_output_quant(dtype: DType, quant: QuantParam) -> None:
    found = f"the output's scale {quant.scale:g} and zero point {quant.zero_point}"
    if dtype == INT8 and quant != _OUTPUT_QUANT:
        raise ValueError(f"{found} must be 1/256 and -128")
    if dtype == INT16:
        distance = abs(np.float32(quant.scale) - np.float32(_OUTPUT_QUANT_INT16.scale))
        if distance > _TOLERANCE_INT16 or quant.zero_point != _OUTPUT_QUANT_INT16.zero_point:
            raise ValueError(f"{found} must be 1/65536 and -32768")


def softmax_exponentials(params: SoftmaxParams) -> Int64Array:
    """For each distance 0..255 to the row's maximum, the exponential as Q0.31; 0 beyond ``diff_min``."""
    differences = -np.arange(256)
    shifted = wrap_int32(differences << params.input_left_shift)
    rescaled = saturating_rounding_doubling_high_mul(shifted, params.input_multiplier)
    return np.where(differences >= params.diff_min, exp_on_negative_values(rescaled), 0)
