"""ADD_N."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Int64Array, clamped, scaled
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import constant
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.add_n import AddNParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: AddNParams) -> AnyArray:
    """It starts from what an input of 0 comes to, instead of from 0. Source: TFLM ``reference_ops::AddN``."""
    return _sum(params, np.zeros(params.output_shape, np.int64))


def _sum(params: AddNParams, *before: Int64Array) -> AnyArray:
    if params.dtype == np.float32:
        real = np.zeros(params.output_shape, np.float32)
        for array in params.inputs:
            real = real + array
        return real
    total = np.zeros(params.output_shape, np.int64)
    for values in (*before, *(array.astype(np.int64) for array in params.inputs)):
        shifted = (values + params.input_offset) << params.left_shift
        total = wrap_int32(total + scaled(shifted, params.input_multiplier, params.input_shift))
    result = scaled(total, params.output_multiplier, params.output_shift)
    return clamped(params, np.asarray(result + params.output_offset))


def _calls(drawer: CaseDrawer) -> AddNParams:
    shape, count, dtype = drawer.shape(0, 4), drawer.integer(2, 5), drawer.dtype("int8", "float32")
    fields = {"input_quant": drawer.quant(-6, 0), "output_quant": drawer.quant(-6, 0)} if dtype == np.int8 else {}
    return prepare(inputs_shapes=(shape,) * count, output_shape=shape, dtype=dtype, **fields)


def _from_zero(define: Definition, params: Params) -> AnyArray:
    return _sum(params)


CASES: Mapping[str, OperatorCases] = {
    "add_n": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            "the sum starts at 0, which TFLM's does not": _from_zero,
            "input_offset ignored": constant(input_offset=0),
            "output_offset ignored": constant(output_offset=0),
        },
    )
}
