"""CUMSUM."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped, scaled
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed, constant
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.cumsum import CumsumParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: CumsumParams) -> AnyArray:
    """Source: TFLM ``reference_ops::CumSum``."""
    return _cumsum(params, first=params.input_offset)


def _cumsum(params: CumsumParams, first: int) -> AnyArray:
    """An element at a time, from a sum of ``first`` on."""
    elements = np.moveaxis(params.input, params.axis, 0)
    result = np.empty(elements.shape, params.dtype)
    order = range(len(elements))
    if params.dtype == np.float32:
        total = np.zeros(elements.shape[1:], np.float32)
    else:
        total = np.full(elements.shape[1:], first, np.int64)
        elements = elements.astype(np.int64) + params.input_offset
    for place in reversed(order) if params.reverse else order:
        following = total + elements[place]
        result[place] = _result(params, total if params.exclusive else following)
        total = following
    return np.moveaxis(result, 0, params.axis)


def _result(params: CumsumParams, total: AnyArray) -> AnyArray:
    if params.dtype == np.float32:
        return total
    accumulated = wrap_int32(total << 19)
    return clamped(params, scaled(accumulated, params.output_multiplier, params.output_shift) + params.output_offset)


def _calls(drawer: CaseDrawer) -> CumsumParams:
    shape = drawer.shape(1, 4)
    quant = drawer.quant()
    return prepare(
        input_shape=shape,
        output_shape=shape,
        axes=(drawer.integer(-len(shape), len(shape) - 1),),
        exclusive=drawer.one_of(False, True),
        reverse=drawer.one_of(False, True),
        dtype=drawer.dtype("int8", "float32"),
        input_quant=quant,
        output_quant=drawer.quant(-4, 3),
    )


def _from_zero(define: Definition, params: Params) -> AnyArray:
    return _cumsum(params, first=0)


CASES: Mapping[str, OperatorCases] = {
    "cumsum": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            "sums of int8 begin at 0, not where TFLM begins them": _from_zero,
            "exclusive ignored": constant(exclusive=False),
            "reverse ignored": constant(reverse=False),
            "input_offset ignored": constant(input_offset=0),
            "output_offset ignored": constant(output_offset=0),
            "along the last axis, whatever axis is asked for": changed(
                lambda params: {"axis": len(params.input_shape) - 1}
            ),
        },
    )
}
