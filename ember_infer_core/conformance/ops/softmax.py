"""SOFTMAX: of int8, from int8 to int16, and of float32."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Int64Array, clamped
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params, Regression
from ember_infer_core.conformance.contents import seeded_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import constant
from ember_infer_core.conformance.ops.log_softmax import FLOAT_ULP, add_in_order
from ember_infer_core.fixed_point import (
    exp_on_negative_values,
    get_reciprocal,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from ember_infer_core.ops.softmax import SoftmaxParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, Int8Array, bind

__all__ = ["CASES", "plain_softmax"]

_OUTPUT_QUANT = QuantParam(1 / 256, -128)


def _define(params: SoftmaxParams) -> AnyArray:
    return clamped(params, _values(params))


def _values(params: SoftmaxParams) -> Int64Array:
    """Row by row, before the clamp. Source: TFLM ``reference_ops::Softmax``."""
    classes = params.input_shape[-1]
    result = np.empty(params.output_shape, np.int64)
    limits = np.iinfo(params.output_dtype.str)
    for row, output in zip(params.input.reshape(-1, classes), result.reshape(-1, classes), strict=True):
        differences = row.astype(np.int64) - int(row.max())
        shifted = wrap_int32(differences << params.input_left_shift)
        exponentials = exp_on_negative_values(saturating_rounding_doubling_high_mul(shifted, params.input_multiplier))
        counts = differences >= params.diff_min
        total = int(rounding_divide_by_pot(exponentials, 12)[counts].sum())
        scale, bits = get_reciprocal(total, 12)
        raw = rounding_divide_by_pot(
            saturating_rounding_doubling_high_mul(scale, exponentials), bits + 31 - limits.bits
        )
        output[...] = np.where(counts, raw + limits.min, limits.min)
    return result


def _calls(drawer: CaseDrawer) -> SoftmaxParams:
    shape = drawer.one_of((1, 2), (1, 10), (3, 40), (2, 5, 3), (100,), (30, 7))
    beta, scale = drawer.one_of(1.0, 0.5), 2.0 ** drawer.integer(-20, 4) * drawer.one_of(1.0, 1.37)
    values = drawer.int8(*shape)
    if drawer.one_of(False, True):
        values[...] = np.clip(values, -3, 3)
    return _bound(values, scale, beta)


def _calls_int16(drawer: CaseDrawer) -> SoftmaxParams:
    shape = drawer.one_of((1, 2), (1, 10), (3, 40), (2, 5, 3), (100,), (30, 7))
    return prepare(
        input_shape=shape,
        output_shape=shape,
        output_dtype=np.dtype(np.int16),
        input_quant=drawer.quant(-20, 4),
        output_quant=QuantParam(1 / 65536, -32768),
        beta=drawer.one_of(1.0, 0.5),
    )


def _calls_float32(drawer: CaseDrawer) -> SoftmaxParams:
    shape, float32 = drawer.one_of((1, 2), (1, 10), (3, 40), (2, 5, 3), (100,), (30, 7)), np.dtype(np.float32)
    beta = drawer.one_of(1.0, 0.5, 0.1)
    return prepare(input_shape=shape, output_shape=shape, dtype=float32, output_dtype=float32, beta=beta)


def _define_float32(params: SoftmaxParams) -> AnyArray:
    """Row by row. Source: TFLM ``reference_ops::Softmax``."""
    result = []
    for row in params.input.reshape(-1, params.input_shape[-1]):
        exponents = (row - row.max()) * np.float32(params.beta)
        exponentials = np.exp(exponents.astype(np.float64)).astype(np.float32)
        result.append(exponentials / add_in_order(exponentials))
    return np.stack(result).reshape(params.output_shape)


def plain_softmax(input: Int8Array, scale: float, beta: float = 1.0) -> SoftmaxParams:
    """A bound softmax along the last axis."""
    return _bound(input, scale, beta)


def _bound(input: Int8Array, scale: float, beta: float) -> SoftmaxParams:
    params = prepare(
        input_shape=input.shape,
        output_shape=input.shape,
        input_quant=QuantParam(scale, 0),
        output_quant=_OUTPUT_QUANT,
        beta=beta,
    )
    bind(params, {"input": input, "output": np.full(input.shape, 77, np.int8)})
    return params


def _in_floats(define: Definition, params: Params) -> AnyArray:
    real = params.input.astype(np.float64) * params.beta * params.input_quant.scale
    exponentials = np.exp(real - real.max(-1, keepdims=True))
    probabilities = exponentials / exponentials.sum(-1, keepdims=True)
    return clamped(params, np.rint(probabilities * 256).astype(np.int64) - 128)


def _sharp_and_flat() -> list[Params]:
    ends = np.tile(np.array([-128, 127], np.int8), (1, 20))
    rows = [seeded_int8(4, 10), np.zeros((1, 7), np.int8), ends, seeded_int8(2, 257, seed=3)]
    return [plain_softmax(row, scale) for row in rows for scale in (0.004, 0.1, 1.0, 16.0)]


CASES: Mapping[str, OperatorCases] = {
    "softmax": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            "computed in floating point": _in_floats,
            "diff_min ignored": constant(diff_min=-256),
            "the largest probability (128) wraps instead of saturating": lambda define, params: _values(params).astype(
                np.int8
            ),
        },
        regressions={
            "sharp and flat softmax": Regression(
                "certainty saturates at 127, differences beyond diff_min vanish, equal inputs share", _sharp_and_flat
            )
        },
    ),
    "softmax_float32": OperatorCases(
        define=_define_float32,
        calls=_calls_float32,
        mistakes={"beta ignored": constant(beta=1.0)},
        ulp=FLOAT_ULP,
    ),
    "softmax_int16": OperatorCases(
        define=_define,
        calls=_calls_int16,
        mistakes={"diff_min ignored": constant(diff_min=-256)},
    ),
}
