"""LOG_SOFTMAX."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import constant
from ember_infer_core.conformance.ops.reduction import FLOAT_ULP, add_in_order, row_by_row
from ember_infer_core.fixed_point import (
    exp_on_negative_values,
    multiply_by_quantized_multiplier,
    rounding_divide_by_pot,
    wrap_int32,
)
from ember_infer_core.logarithm import logarithm
from ember_infer_core.ops.log_softmax import MAX_CLASSES, LogSoftmaxParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]


def _define(params: LogSoftmaxParams) -> AnyArray:
    """Sources: TFLM ``reference_ops::LogSoftmaxQuantized``, ``LogSoftmax``."""
    return row_by_row(params, _float_row if params.dtype == np.float32 else _row)


def _row(params: LogSoftmaxParams, row: AnyArray) -> AnyArray:
    differences = row.astype(np.int64) - int(row.max())
    exponents = multiply_by_quantized_multiplier(differences, params.input_multiplier, params.input_left_shift)
    counts = differences >= params.diff_min
    log_of_sum = int(logarithm(rounding_divide_by_pot(exp_on_negative_values(exponents), 12)[counts].sum()))
    least = int(multiply_by_quantized_multiplier(log_of_sum - 2**31, params.reverse_multiplier, params.reverse_shift))
    values = rounding_divide_by_pot(wrap_int32(exponents - log_of_sum), 31 - 5 - 4) + 127
    return clamped(params, np.where(differences > max(params.diff_min - 1, least), values, -128))


def _float_row(params: LogSoftmaxParams, row: AnyArray) -> AnyArray:
    differences = row - row.max()
    log_of_sum = math.log(float(add_in_order(np.exp(differences.astype(np.float64)))))
    return np.asarray(differences - np.float32(log_of_sum))


def _calls(drawer: CaseDrawer) -> LogSoftmaxParams:
    shape = drawer.one_of((1, 2), (1, 10), (3, 40), (2, 5, 3), (100,), (30, 7), (2, MAX_CLASSES + 70))
    return prepare(
        input_shape=shape,
        output_shape=shape,
        dtype=drawer.dtype("int8", "float32"),
        input_quant=drawer.quant(-2 if shape[-1] > MAX_CLASSES else -20, 4),
        output_quant=QuantParam(1 / 16, 127),
    )


def _content(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Of long rows not too many elements near the largest: their sum overflows, which is an error."""
    values = any_content(params, slot, random)
    if params.dtype == np.int8 and params.input_shape[-1] > MAX_CLASSES:
        values[..., 0], values[..., MAX_CLASSES:] = 127, -128
    return values


def _in_floats(define: Definition, params: Params) -> AnyArray | None:
    if params.dtype == np.float32:
        return None
    real = params.input.astype(np.float64) * params.input_quant.scale
    real -= real.max(-1, keepdims=True)
    logs = real - np.log(np.exp(real).sum(-1, keepdims=True))
    return clamped(params, np.rint(np.maximum(logs, -32) * 16).astype(np.int64) + 127)


CASES: Mapping[str, OperatorCases] = {
    "log_softmax": OperatorCases(
        define=_define,
        calls=_calls,
        content=_content,
        mistakes={
            "computed in floating point": _in_floats,
            "diff_min ignored": constant(diff_min=-256),
        },
        ulp=FLOAT_ULP,
    )
}
