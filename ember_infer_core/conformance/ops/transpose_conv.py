"""TRANSPOSE_CONV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import constant, swapped
from ember_infer_core.conformance.ops.sum_mistakes import sum_mistakes
from ember_infer_core.conformance.ops.sums import (
    bind_plainly,
    draw_bias,
    draw_quantisation,
    draw_weights,
    ends_of_int32,
    plain_quantisation,
    sum_definition,
)
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.transpose_conv import TransposeConvParams, prepare
from ember_infer_core.ops.windows import Padding
from ember_infer_core.slots import Int8Array

__all__ = ["CASES", "totals"]


def totals(params: TransposeConvParams) -> Int64Array:
    """What each input pixel adds, tap by tap, to the output pixels that exist."""
    values, weights = params.input.astype(np.int64) + params.input_offset, params.weights.astype(np.int64)
    total = np.zeros(params.output_shape, np.int64)
    _, height, width, _ = params.input_shape
    for y, x, i, j in np.ndindex(height, width, *params.weights_shape[1:3]):
        row, column = y * params.stride_h - params.pad_h + i, x * params.stride_w - params.pad_w + j
        if 0 <= row < params.output_shape[1] and 0 <= column < params.output_shape[2]:
            total[:, row, column] += values[:, y, x] @ weights[:, i, j].T
    return total


def _calls(drawer: CaseDrawer) -> TransposeConvParams:
    batches, height, width = drawer.integer(1, 2), drawer.integer(1, 5), drawer.integer(1, 5)
    depth, channels = drawer.depth(5), drawer.depth(4)
    kernel, stride = (drawer.integer(1, 4), drawer.integer(1, 4)), (drawer.integer(1, 3), drawer.integer(1, 3))
    padding = drawer.one_of(Padding.SAME, Padding.VALID)
    full = [
        size * step if padding is Padding.SAME else (size - 1) * step + taps
        for size, step, taps in zip((height, width), stride, kernel, strict=True)
    ]
    rows, columns = (max(1, size + drawer.one_of(0, 0, -1, 2)) for size in full)  # TFLM takes any size
    params = prepare(
        input_shape=(batches, height, width, depth),
        weights_shape=(channels, *kernel, depth),
        output_shape=(batches, rows, columns, channels),
        padding=padding,
        stride_h=stride[0],
        stride_w=stride[1],
        **draw_quantisation(drawer, channels, kernel[0] * kernel[1] * depth),
    )
    params.weights, params.bias = draw_weights(drawer, channels, *kernel, depth), draw_bias(drawer, channels)
    return params


def _plain(
    input: Int8Array, weights: Int8Array, bias: Sequence[int], scale: float, *, output_offset: int, **attributes: Any
) -> Params:
    """A bound call at stride 1, each of whose windows lies within its output."""
    batches, height, width, _ = input.shape
    channels, rows, columns, _ = weights.shape
    params = prepare(
        input_shape=input.shape,
        weights_shape=weights.shape,
        output_shape=(batches, height + rows - 1, width + columns - 1, channels),
        padding=Padding.VALID,
        **(plain_quantisation(channels, scale, 0, output_offset=output_offset) | attributes),
    )
    bind_plainly(params, input, weights, bias)
    return params


CASES: Mapping[str, OperatorCases] = {
    "transpose_conv": OperatorCases(
        define=sum_definition(totals),
        calls=_calls,
        mistakes={
            **sum_mistakes(totals),
            "padding ignored: nothing is cut off before the output": constant(pad_h=0, pad_w=0),
            "strides of rows and columns swapped": swapped("stride_h", "stride_w"),
            "padding of rows and columns swapped": swapped("pad_h", "pad_w"),
        },
        regressions={"zero point at the ends of int32, transpose_conv": ends_of_int32(_plain, 16, 1, 1, 1)},
        activated=True,
    )
}
