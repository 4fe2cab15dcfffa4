"""QUANTIZE."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Int64Array, clamped, scaled
from ember_infer_core.conformance.cases import OperatorCases, Params, Rule
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.lookup import LOOKUP, REQUANTIZED
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.quantize import QuantizeParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]

_PAIRS = (
    ("float32", "int8"),
    ("float32", "int16"),
    ("int8", "int8"),
    ("int8", "uint8"),
    ("int8", "int16"),
    ("int8", "int32"),
    ("uint8", "int8"),
    ("int16", "int8"),
    ("int16", "int16"),
    ("int16", "int32"),
    ("int32", "int8"),
    ("int32", "int16"),
)


def _define(params: QuantizeParams) -> AnyArray:
    """Sources: TFLM ``reference_ops::AffineQuantize`` and ``reference_ops::Requantize``."""
    if params.input_dtype == np.float32:
        quotients = _quotients(params)
        return _offset(params, np.trunc(quotients + np.copysign(0.5, quotients)).astype(np.int64))
    steps = wrap_int32(params.input.astype(np.int64) - params.input_quant.zero_point)
    return _offset(params, scaled(steps, params.multiplier, params.shift))


def _quotients(params: Params) -> AnyArray:
    """Divided in float32, held in float64, where a half can be added exactly."""
    return np.asarray(params.input / np.float32(params.output_quant.scale)).astype(np.float64)


def _offset(params: Params, steps: Int64Array) -> AnyArray:
    return clamped(params, wrap_int32(np.asarray(steps + params.output_quant.zero_point)))


def _calls(drawer: CaseDrawer) -> QuantizeParams:
    shape, (before, after) = drawer.shape(0, 5), drawer.one_of(*_PAIRS)
    return prepare(
        input_shape=shape,
        output_shape=shape,
        input_dtype=np.dtype(before),
        output_dtype=np.dtype(after),
        input_quant=_quant(drawer, before),
        output_quant=_quant(drawer, after),
    )


def _quant(drawer: CaseDrawer, dtype: str) -> QuantParam:
    zero_point = {"int8": drawer.zero_point(), "uint8": drawer.zero_point() + 128}.get(dtype, 0)
    return QuantParam(drawer.scale(), zero_point)


def _half_toward_zero(quotients: AnyArray) -> AnyArray:
    return np.asarray(np.sign(quotients) * np.ceil(np.abs(quotients) - 0.5))


def _real(round_: Callable[[AnyArray], AnyArray]) -> Rule:
    """Another rounding of quotients."""

    def rule(define: object, params: Params) -> AnyArray | None:
        if params.input_dtype != np.float32:
            return None
        return _offset(params, round_(_quotients(params)).astype(np.int64))

    return rule


CASES: Mapping[str, OperatorCases] = {
    "quantize": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            **LOOKUP,
            **REQUANTIZED,
            "real values rounded half to even instead of half away from zero": _real(np.rint),
            "real values rounded half toward zero instead of half away from zero": _real(_half_toward_zero),
            "real values cut off instead of rounded": _real(np.trunc),
            "real values rounded down": _real(np.floor),
        },
    )
}
