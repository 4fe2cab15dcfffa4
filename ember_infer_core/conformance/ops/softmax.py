"""SOFTMAX: of int8, from int8 to int16, and of float32."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params, Regression
from ember_infer_core.conformance.contents import seeded_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import constant
from ember_infer_core.conformance.ops.reduction import FLOAT_ULP, add_in_order, row_by_row
from ember_infer_core.fixed_point import (
    exp_on_negative_values,
    get_reciprocal,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from ember_infer_core.ops.softmax import SoftmaxParams, prepare
from ember_infer_core.quantization import UNQUANTIZED, QuantParam
from ember_infer_core.slots import FLOAT32, INT8, AnyArray, Int8Array, bind

__all__ = ["CASES", "plain_softmax"]

_OUTPUT_QUANTS = {"int8": QuantParam(1 / 256, -128), "int16": QuantParam(1 / 65536, -32768), "float32": UNQUANTIZED}


def _define(params: SoftmaxParams) -> AnyArray:
    """Source: TFLM ``reference_ops::Softmax``."""
    return row_by_row(params, _float_row) if params.dtype == np.float32 else clamped(params, _unclamped(params))


def _unclamped(params: SoftmaxParams) -> AnyArray:
    return row_by_row(params, _row)


def _row(params: SoftmaxParams, row: AnyArray) -> AnyArray:
    limits = np.iinfo(params.output_dtype.str)
    differences = row.astype(np.int64) - int(row.max())
    shifted = wrap_int32(differences << params.input_left_shift)
    exponentials = exp_on_negative_values(saturating_rounding_doubling_high_mul(shifted, params.input_multiplier))
    counts = differences >= params.diff_min
    total = int(rounding_divide_by_pot(exponentials, 12)[counts].sum())
    scale, bits = get_reciprocal(total, 12)
    raw = rounding_divide_by_pot(saturating_rounding_doubling_high_mul(scale, exponentials), bits + 31 - limits.bits)
    return np.where(counts, raw + limits.min, limits.min)


def _float_row(params: SoftmaxParams, row: AnyArray) -> AnyArray:
    exponents = (row - row.max()) * np.float32(params.beta)
    exponentials = np.exp(exponents.astype(np.float64)).astype(np.float32)
    return np.asarray(exponentials / add_in_order(exponentials))


def _calls(drawer: CaseDrawer) -> SoftmaxParams:
    shape = drawer.one_of((1, 2), (1, 10), (3, 40), (2, 5, 3), (100,), (30, 7))
    output_dtype = drawer.dtype("int8", "int16", "float32")
    params = prepare(
        input_shape=shape,
        output_shape=shape,
        dtype=FLOAT32 if output_dtype == FLOAT32 else INT8,
        output_dtype=output_dtype,
        input_quant=drawer.quant(-20, 4),
        output_quant=_OUTPUT_QUANTS[output_dtype.name],
        beta=drawer.one_of(1.0, 0.5, 0.1),
    )
    if params.dtype == INT8 and drawer.one_of(False, True):  # close together, where none of them vanishes
        bind(params, {"input": np.clip(drawer.int8(*shape), -3, 3)})
    return params


def plain_softmax(input: Int8Array, scale: float, beta: float = 1.0) -> SoftmaxParams:
    """A bound softmax along the last axis, from int8 to int8."""
    params = prepare(
        input_shape=input.shape,
        output_shape=input.shape,
        input_quant=QuantParam(scale, 0),
        output_quant=_OUTPUT_QUANTS["int8"],
        beta=beta,
    )
    bind(params, {"input": input, "output": np.full(input.shape, 77, np.int8)})
    return params


def _in_floats(define: Definition, params: Params) -> AnyArray | None:
    if params.dtype == np.float32:
        return None
    real = params.input.astype(np.float64) * params.beta * params.input_quant.scale
    exponentials = np.exp(real - real.max(-1, keepdims=True))
    probabilities = exponentials / exponentials.sum(-1, keepdims=True)
    limits = np.iinfo(params.output_dtype.str)
    return clamped(params, np.rint(probabilities * 2**limits.bits).astype(np.int64) + limits.min)


def _wrapped(define: Definition, params: Params) -> AnyArray | None:
    return None if params.dtype == np.float32 else _unclamped(params).astype(params.output_dtype)


def _sharp_and_flat() -> list[Params]:
    ends = np.tile(np.array([-128, 127], np.int8), (1, 20))
    rows = [seeded_int8(4, 10), np.zeros((1, 7), np.int8), ends, seeded_int8(2, 257, seed=3)]
    return [plain_softmax(row, scale) for row in rows for scale in (0.004, 0.1, 1.0, 16.0)]


def _many_alike() -> list[Params]:
    rows = [np.zeros((1, 512), np.int8), np.full((2, 1000), -128, np.int8), np.zeros((1, 5000), np.int8)]
    one_beyond = np.full((1, 600), -100, np.int8)
    one_beyond[0, 300] = 100
    return [plain_softmax(row, scale) for row in (*rows, one_beyond) for scale in (0.1, 1e-6)]


CASES: Mapping[str, OperatorCases] = {
    "softmax": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            "computed in floating point": _in_floats,
            "diff_min ignored": constant(diff_min=-256),
            "beta ignored": constant(beta=1.0),
            "the largest probability (128) wraps instead of saturating": _wrapped,
        },
        regressions={
            "sharp and flat softmax": Regression(
                "certainty saturates at 127, differences beyond diff_min vanish, equal inputs share", _sharp_and_flat
            ),
            "softmax of 512 classes and more alike": Regression(
                "ESP-NN and CMSIS-NN shift by 32 bits and more where exponentials sum to 512 and more, which C leaves "
                "undefined",
                _many_alike,
            ),
        },
        ulp=FLOAT_ULP,
    )
}
