"""LOG_SOFTMAX: parameters, their preparation, and the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from ember_infer_core.errors import KernelError
from ember_infer_core.fixed_point import (
    Int64Array,
    exp_on_negative_values,
    multiply_by_quantized_multiplier,
    rounding_divide_by_pot,
    wrap_int32,
)
from ember_infer_core.logarithm import logarithm
from ember_infer_core.ops.reduction import RowParams, check_rows
from ember_infer_core.quantization import (
    INT8_MAX,
    INT8_MIN,
    INT32_MAX,
    INT32_MIN,
    UNQUANTIZED,
    QuantParam,
    calculate_input_radius,
    preprocess_softmax_scaling,
    quantize_multiplier_smaller_than_one_exp,
)
from ember_infer_core.slots import INT8, DType, Int8Array, Shape

__all__ = ["MAX_CLASSES", "OVERFLOW", "LogSoftmaxParams", "exponents_and_summands", "log_softmax_rows", "prepare"]

# The sum of so many exponentials always fits into the 12 integer bits of TFLM's accumulator; of more it depends on how
# many are near the largest.
MAX_CLASSES = (1 << 12) - 1
OVERFLOW = "the sum of a row's exponentials overflows TensorFlow Lite Micro's accumulator: the result is undefined"

_INTEGER_BITS = 5
_ACCUMULATOR_INTEGER_BITS = 12
_OUTPUT_FRACTION_BITS = 22  # of the Q5.26 that are more than the output's 4
_OUTPUT_QUANT = QuantParam(1 / 16, 127)


@dataclass(slots=True, kw_only=True, eq=False)
class LogSoftmaxParams(RowParams):
    """Logarithm of the softmax along the last axis. int8: in fixed point; the output's scale is 1/16 and its zero point
    127. float32: ``x - max - log(sum(exp(x - max)))``, summed in order.

    Fields that are not named here are described in :class:`RowParams`.

    Attributes:
        input_multiplier, input_left_shift: the input's scale as a fixed-point factor to Q5.26.
        reverse_multiplier, reverse_shift: its inverse; the shift is zero or negative (to the right).
        diff_min: differences to the row's maximum below this do not count in the sum.
    """

    input_multiplier: int = 0
    input_left_shift: int = 0
    reverse_multiplier: int = 0
    reverse_shift: int = 0
    diff_min: int = 0

    @property
    @override
    def may_fail(self) -> bool:
        """See :class:`ember_infer_core.OperatorParams`."""
        return self.dtype == INT8 and self.input_shape[-1] > MAX_CLASSES


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    dtype: DType = INT8,
    input_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> LogSoftmaxParams:
    """The parameters of a call. Source: TFLM ``log_softmax.cc``.

    Raises:
        InvalidShape: the shapes contradict each other.
        Undefined: a scalar, whose last axis TFLM looks for beyond its shape.
        ValueError: TFLM refuses this quantisation.
    """
    check_rows(input_shape, output_shape)
    params = LogSoftmaxParams(
        input_shape=input_shape,
        output_shape=output_shape,
        dtype=dtype,
        input_quant=input_quant,
        output_quant=output_quant,
    )
    if dtype == np.int8:
        _prepare_int8(params)
    return params


def _prepare_int8(params: LogSoftmaxParams) -> None:
    """Source: TFLM ``PreprocessLogSoftmaxScalingExp``."""
    if params.output_quant != _OUTPUT_QUANT:
        scale, zero_point = params.output_quant.scale, params.output_quant.zero_point
        raise ValueError(f"the output's scale {scale:g} and zero point {zero_point} must be 1/16 and 127")
    multiplier, left_shift = preprocess_softmax_scaling(1.0, params.input_quant.scale, _INTEGER_BITS)
    reverse = quantize_multiplier_smaller_than_one_exp((1 << (31 - left_shift)) / multiplier)
    params.input_multiplier, params.input_left_shift = multiplier, left_shift
    params.reverse_multiplier, params.reverse_shift = reverse
    params.diff_min = -calculate_input_radius(_INTEGER_BITS, left_shift)


def exponents_and_summands(params: LogSoftmaxParams) -> tuple[Int64Array, Int64Array]:
    """For each distance 0..255 to the row's maximum, the real difference as Q5.26, and what it adds to the sum of
    exponentials, as Q12.19; 0 beyond ``diff_min``.
    """
    differences = -np.arange(256)
    exponents = multiply_by_quantized_multiplier(differences, params.input_multiplier, params.input_left_shift)
    summands = rounding_divide_by_pot(exp_on_negative_values(exponents), _ACCUMULATOR_INTEGER_BITS)
    return exponents, np.where(differences >= params.diff_min, summands, 0)


def log_softmax_rows(params: LogSoftmaxParams, rows: Int64Array) -> Int8Array:
    """The results for rows of int8 values. Source: TFLM ``reference_ops::LogSoftmaxQuantized``.

    Raises:
        KernelError: a row of more than :data:`MAX_CLASSES` elements has no result.
    """
    exponents, summands = exponents_and_summands(params)
    distances = rows.max(axis=-1, keepdims=True) - rows
    sums = summands[distances].sum(axis=-1, keepdims=True)
    if (sums > INT32_MAX).any():
        raise KernelError(OVERFLOW)
    logs = logarithm(sums)
    least = multiply_by_quantized_multiplier(logs + INT32_MIN, params.reverse_multiplier, params.reverse_shift)
    least = np.maximum(least, params.diff_min - 1)
    scaled = rounding_divide_by_pot(wrap_int32(exponents[distances] - logs), _OUTPUT_FRACTION_BITS)
    result = np.clip(scaled + INT8_MAX, INT8_MIN, INT8_MAX)
    return np.where(-distances > least, result, INT8_MIN).astype(np.int8)
