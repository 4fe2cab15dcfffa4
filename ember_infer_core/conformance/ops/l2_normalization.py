"""L2_NORMALIZATION."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped, scaled
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params, Regression
from ember_infer_core.conformance.contents import seeded_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import constant
from ember_infer_core.conformance.ops.reduction import add_in_order, row_by_row
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.l2_normalization import L2NormalizationParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, bind
from ember_infer_core.transcendental import inverse_square_root

__all__ = ["CASES"]


def _define(params: L2NormalizationParams) -> AnyArray:
    """Sources: TFLM ``reference_integer_ops::L2Normalization``, ``reference_ops::L2Normalization``."""
    return row_by_row(params, _float_row if params.dtype == np.float32 else _row)


def _row(params: L2NormalizationParams, row: AnyArray) -> AnyArray:
    values = row.astype(np.int64) + params.input_offset
    multiplier, shift = inverse_square_root(wrap_int32((values * values).sum()))
    return clamped(params, scaled(values, multiplier, shift + 7))


def _float_row(params: L2NormalizationParams, row: AnyArray) -> AnyArray:
    return np.asarray(row / max(np.sqrt(add_in_order(row * row)), np.float32(1e-6)))


def _calls(drawer: CaseDrawer) -> L2NormalizationParams:
    shape = drawer.shape(1, 4)
    return prepare(
        input_shape=shape,
        output_shape=shape,
        dtype=drawer.dtype("int8", "float32"),
        input_quant=drawer.quant(),
        output_quant=QuantParam(1 / 128, 0),
    )


def _in_floats(define: Definition, params: Params) -> AnyArray | None:
    if params.dtype == np.float32:
        return None
    values = params.input.astype(np.float64) + params.input_offset
    length = np.sqrt((values * values).sum(-1, keepdims=True))
    return clamped(params, np.rint(values / np.maximum(length, 1e-6) * 128).astype(np.int64))


def _zeros_and_ones() -> list[Params]:
    """Rows whose squares sum up to 0, 1, or more than an int32 holds."""
    rows = [np.full((1, 5), 3, np.int8), np.array([[3, 4, 3]], np.int8), np.full((1, 40_000), -128, np.int8)]
    return [_bound(row, zero_point) for row in [*rows, seeded_int8(3, 70)] for zero_point in (3, 127)]


def _bound(input: AnyArray, zero_point: int) -> L2NormalizationParams:
    params = prepare(
        input_shape=input.shape,
        output_shape=input.shape,
        input_quant=QuantParam(0.1, zero_point),
        output_quant=QuantParam(1 / 128, 0),
    )
    bind(params, {"input": input, "output": np.full(input.shape, 77, np.int8)})
    return params


CASES: Mapping[str, OperatorCases] = {
    "l2_normalization": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            "input_offset ignored": constant(input_offset=0),
            "computed in floating point": _in_floats,
        },
        regressions={
            "rows of no length": Regression(
                "a row at the zero point has no length to be divided by; sums of squares wrap in an int32",
                _zeros_and_ones,
            )
        },
    )
}
