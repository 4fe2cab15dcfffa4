"""MUL."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Int64Array, Rounding, clamped, scaled
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params, Regression
from ember_infer_core.conformance.contents import all_pairs, seeded_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.pairs import (
    ARITHMETIC_TYPES,
    PLAIN,
    SCALED_PAIRS,
    draw_dtype,
    draw_shapes,
    pair_content,
    plain_result,
    plain_shapes,
    saturated,
)
from ember_infer_core.fixed_point import saturating_rounding_doubling_high_mul
from ember_infer_core.ops.mul import MulParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, Int8Array, bind

__all__ = ["CASES", "plain_mul"]


def _define(params: MulParams, rounding: Rounding = "double") -> AnyArray:
    """Source: TFLM ``reference_integer_ops::MulElementwise`` and ``reference_ops::Mul``."""
    if params.dtype != np.int8:
        return plain_result(params, np.multiply)
    result = scaled(_products(params), params.output_multiplier, params.output_shift, rounding)
    return clamped(params, np.asarray(result + params.output_offset))


def _products(params: MulParams) -> Int64Array:
    value1 = params.input1.astype(np.int64) + params.input1_offset
    value2 = params.input2.astype(np.int64) + params.input2_offset
    return np.asarray(value1 * value2)


def _calls(drawer: CaseDrawer) -> MulParams:
    shapes = draw_shapes(drawer)
    real = 2.0 ** drawer.integer(-12, 2) * drawer.one_of(1.0, 1.3)
    return prepare(
        **shapes,
        dtype=draw_dtype(drawer, ("int8", *ARITHMETIC_TYPES)),
        input1_quant=QuantParam(real, drawer.zero_point()),
        input2_quant=QuantParam(1.0, drawer.zero_point()),
        output_quant=QuantParam(1.0, drawer.zero_point()),
        fused_activation=drawer.activation(),
    )


def plain_mul(input1: Int8Array, input2: Int8Array, scale: float) -> MulParams:
    """A bound product of two tensors with zero points 0, times ``scale``."""
    one = QuantParam(1.0, 0)
    params = prepare(
        **plain_shapes(input1, input2), input1_quant=QuantParam(scale, 0), input2_quant=one, output_quant=one
    )
    bind(params, {"input1": input1, "input2": input2, "output": np.full(params.output_shape, 77, np.int8)})
    return params


def _ties_up(define: Definition, params: Params) -> AnyArray | None:
    if params.dtype != np.int8:
        return None
    shift = np.int64(params.output_shift)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    high = saturating_rounding_doubling_high_mul(_products(params) << left, params.output_multiplier)
    return clamped(params, ((high + ((np.int64(1) << right) >> 1)) >> right) + params.output_offset)


def _tails() -> list[Params]:
    ties = [plain_mul(np.full(size, -3, np.int8), np.ones(size, np.int8), 0.25 * 2 / 3) for size in range(1, 18)]
    odd = [plain_mul(seeded_int8(size), np.ones(size, np.int8), 0.25) for size in range(1, 18)]
    return [*ties, *odd, plain_mul(*all_pairs(), 0.01)]


CASES: Mapping[str, OperatorCases] = {
    "mul": OperatorCases(
        define=_define,
        calls=_calls,
        content=pair_content,
        mistakes={
            **SCALED_PAIRS,
            "ties of the second rounding go up instead of away from zero": _ties_up,
            **PLAIN,
            "int32: saturates instead of wrapping": saturated(np.multiply),
        },
        regressions={
            "tails and ties of mul": Regression(
                "ESP-NN's scalar tail of mul rounds negative ties the wrong way", _tails
            )
        },
        activated=True,
    )
}
