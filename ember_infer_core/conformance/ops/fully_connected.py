"""FULLY_CONNECTED."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases, Params, Regression
from ember_infer_core.conformance.contents import seeded_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import constant
from ember_infer_core.conformance.ops.sum_mistakes import sum_mistakes
from ember_infer_core.conformance.ops.sums import (
    OFFSETS,
    bind_plainly,
    draw_bias,
    draw_quantisation,
    draw_weights,
    ends_of_int32,
    plain_quantisation,
    saturating,
    sum_definition,
    ties,
)
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.fully_connected import FullyConnectedParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import Int8Array

__all__ = ["CASES", "plain_fully_connected", "totals"]


def totals(params: FullyConnectedParams) -> Int64Array:
    """Sums of ``(input + offset) * (weights + offset)`` for each output."""
    rows = params.input.reshape(-1, params.weights_shape[1]).astype(np.int64) + params.input_offset
    products: Int64Array = rows @ (params.weights.astype(np.int64) + params.weights_offset).T
    return products.reshape(params.output_shape)


def _calls(drawer: CaseDrawer) -> FullyConnectedParams:
    """Where the scale is one for all weights, they may have a zero point."""
    batches, input_depth, output_depth = drawer.integer(1, 4), drawer.integer(1, 40), drawer.integer(1, 12)
    zero_point = drawer.one_of(0, 0, -5, -128, 127) if drawer.one_of(False, True) else None
    quantisation = draw_quantisation(drawer, output_depth, input_depth, weights_zero_point=zero_point)
    params = prepare(
        input_shape=(batches, input_depth),
        weights_shape=(output_depth, input_depth),
        output_shape=(batches, output_depth),
        **quantisation,
    )
    params.input = drawer.int8(batches, input_depth)
    params.weights, params.bias = draw_weights(drawer, output_depth, input_depth), draw_bias(drawer, output_depth)
    return params


def plain_fully_connected(
    input: Int8Array,
    weights: Int8Array,
    bias: Sequence[int] | None = None,
    scale: float | Sequence[float] = 1.0,
    *,
    input_offset: int = 0,
    output_offset: int = 0,
    **attributes: Any,
) -> FullyConnectedParams:
    """A bound fully connected layer of these contents, with one scale for each output and these other attributes."""
    params = prepare(
        input_shape=input.shape,
        weights_shape=(weights.shape[0], weights.shape[1]),
        output_shape=(len(input), len(weights)),
        **(plain_quantisation(len(weights), scale, 0, input_offset, output_offset) | attributes),
    )
    bind_plainly(params, input, weights, bias)
    return params


# Published bugs.


def _two_outputs() -> list[Params]:
    return [
        plain_fully_connected(seeded_int8(batches, depth), seeded_int8(2, depth, seed=1), [100, -200], 0.002, **OFFSETS)
        for batches, depth in ((1, 16), (1, 17), (1, 64), (3, 16), (2, 40))
    ]


def _vanishing_multipliers() -> list[Params]:
    scales = [2.0**exponent * 1.3 for exponent in (-28, -30, -31, -32, -33, -34, -40, -60)]
    weights = np.full((len(scales), 2), 127, np.int8)
    rows = np.array([[127, 127], [-128, -128], [1, 0]], np.int8)
    return [
        plain_fully_connected(rows, weights, [bias] * len(scales), scales)
        for bias in (0, 2**31 - 40_000, -(2**31) + 40_000)
    ]


def _left_shifts() -> list[Params]:
    scales = [1.0, 1.5, 2.0, 3.7, 17.0, 100.0]
    column = np.arange(-2, 4).astype(np.int8).reshape(6, 1)
    return [plain_fully_connected(column, np.ones((6, 1), np.int8), None, scales)]


def _weights_with_a_zero_point() -> list[Params]:
    scale, rows, weights = float(np.float32(0.0005)), seeded_int8(2, 20), seeded_int8(5, 20, seed=1)
    return [
        plain_fully_connected(rows, weights, None, scale, weights_quant=QuantParam(scale, zero_point), **OFFSETS)
        for zero_point in (-3, -128, 127)
    ]


_REGRESSIONS: Mapping[str, Regression] = {
    "fully connected with out_ch 2": Regression(
        "esp-nn issue 34: two outputs, which a kernel that writes four at a time misses or overruns", _two_outputs
    ),
    "clamp at -128, fully_connected": saturating(plain_fully_connected, 1, 1),
    "shifts beyond 62": Regression(
        "a scale below about 2**-32 makes a shift beyond 62, which no 64-bit machine has: the result is the zero point",
        _vanishing_multipliers,
    ),
    "left shifts": Regression("scales of 1 and more have positive shifts", _left_shifts),
    "zero point at the ends of int32, fully_connected": ends_of_int32(plain_fully_connected, 16, 1),
    "mixed rounding, fully_connected": ties(plain_fully_connected, 7, 1),
    "weights with a zero point": Regression(
        "fully connected with one scale for all weights: their zero point counts", _weights_with_a_zero_point
    ),
}

CASES: Mapping[str, OperatorCases] = {
    "fully_connected": OperatorCases(
        define=sum_definition(totals),
        calls=_calls,
        mistakes={**sum_mistakes(totals), "weights_offset ignored": constant(weights_offset=0)},
        regressions=_REGRESSIONS,
        activated=True,
    )
}
