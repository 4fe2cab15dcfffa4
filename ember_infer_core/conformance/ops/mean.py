"""MEAN and SUM."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped, scaled
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import CLAMP, constant
from ember_infer_core.conformance.ops.reduction import REDUCTION, draw_reduction, rows
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.mean import MeanParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: MeanParams) -> AnyArray:
    """Sources: TFLM ``reference_ops::QuantizedMeanOrSum``, ``Mean`` and ``ReduceGeneric``."""
    found = rows(params)
    if params.dtype == np.float32:
        real = np.zeros(len(found), np.float32)
        for column in found.T:  # one after the other, as memory has them
            real = real + column
        return np.asarray(real / np.float32(params.divisor)).reshape(params.output_shape)
    total = wrap_int32(found.astype(np.int64).sum(1) + params.input_offset * found.shape[1])
    result = scaled(total, params.output_multiplier, params.output_shift) + params.output_offset
    return clamped(params, np.asarray(result)).reshape(params.output_shape)


def _cases(mean: bool) -> OperatorCases:
    def calls(drawer: CaseDrawer) -> MeanParams:
        fields = draw_reduction(drawer, "int8", "int16", "float32")
        if fields["dtype"] != np.float32:
            fields |= {name: _quant(drawer, fields["dtype"].name) for name in ("input_quant", "output_quant")}
        return prepare(mean=mean, **fields)

    return OperatorCases(
        define=_define,
        calls=calls,
        mistakes={
            **REDUCTION,
            **CLAMP,
            "input_offset ignored": constant(input_offset=0),
            "output_offset ignored": constant(output_offset=0),
            "added up pairwise, as NumPy does": _pairwise,
        },
    )


def _quant(drawer: CaseDrawer, dtype: str) -> QuantParam:
    return QuantParam(drawer.scale(-6, 0), drawer.zero_point() if dtype == "int8" else drawer.one_of(0, -5, 300))


def _pairwise(define: Definition, params: Params) -> AnyArray | None:
    if params.dtype != np.float32:
        return None
    total = rows(params).sum(1, dtype=np.float32)
    return np.asarray(total / np.float32(params.divisor)).reshape(params.output_shape)


CASES: Mapping[str, OperatorCases] = {"mean": _cases(True), "sum": _cases(False)}
