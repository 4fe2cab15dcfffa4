"""ADD_N."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Int64Array, Rounding, clamped, scaled
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import DIALECTS, constant
from ember_infer_core.conformance.ops.pairs import draw_dtype, pair_content
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.add_n import AddNParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: AddNParams, rounding: Rounding = "double") -> AnyArray:
    """Source: TFLM ``reference_ops::AddN`` of both kinds."""
    if params.dtype != np.int8:
        return _in_order(params)
    start = _scaled(params, np.zeros(params.output_shape, np.int64), rounding)
    return clamped(params, _sum(params, start, rounding))


def _in_order(params: AddNParams) -> AnyArray:
    """Each sum rounded to float32, from 0 on."""
    total: AnyArray = np.zeros(params.output_shape, np.float32)
    with np.errstate(all="ignore"):
        for array in params.inputs:
            total = (total.astype(np.float64) + array.astype(np.float64)).astype(np.float32)
    return total


def _sum(params: AddNParams, start: Int64Array, rounding: Rounding) -> Int64Array:
    total = start
    for array in params.inputs:
        total = wrap_int32(np.asarray(total + _scaled(params, array.astype(np.int64), rounding)))
    return scaled(total, params.output_multiplier, params.output_shift, rounding) + params.output_offset


def _scaled(params: AddNParams, values: Int64Array, rounding: Rounding) -> Int64Array:
    shifted = (values + params.input_offset) * 2**params.left_shift
    return scaled(shifted, params.input_multiplier, params.input_shift, rounding)


def _from_zero(define: Definition, params: Params) -> AnyArray | None:
    if params.dtype != np.int8:
        return None
    return clamped(params, _sum(params, np.zeros(params.output_shape, np.int64), "double"))


def _last_first(define: Definition, params: Params) -> AnyArray:
    params.inputs = params.inputs[::-1]
    try:
        return np.asarray(define(params))
    finally:
        params.inputs = params.inputs[::-1]


def _calls(drawer: CaseDrawer) -> AddNParams:
    shape = drawer.one_of((5,), (3, 17), (), (2, 1, 4, 3))
    return prepare(
        inputs_shapes=(shape,) * drawer.one_of(3, 2, 5),
        output_shape=shape,
        dtype=draw_dtype(drawer, ("int8", "int8", "float32")),
        input_quant=drawer.quant(-4, 0),
        output_quant=drawer.quant(-3, 2),
    )


CASES: Mapping[str, OperatorCases] = {
    "add_n": OperatorCases(
        define=_define,
        calls=_calls,
        content=pair_content,
        mistakes={
            **DIALECTS,
            "added up from 0, where TFLM begins with what an input of 0 comes to": _from_zero,
            "float32: added up from the last to the first": _last_first,
            "input_offset ignored": constant(input_offset=0),
            "output_offset ignored": constant(output_offset=0),
        },
    )
}
