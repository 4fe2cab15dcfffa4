"""DEPTHWISE_CONV_2D."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases, Params, Regression
from ember_infer_core.conformance.contents import seeded_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed
from ember_infer_core.conformance.ops.conv2d import dilated
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
from ember_infer_core.conformance.ops.windows import CONVOLUTION, draw_window, output_size, window_slices
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams, prepare
from ember_infer_core.ops.windows import Padding
from ember_infer_core.slots import Int8Array

__all__ = ["CASES", "plain_depthwise_conv2d", "totals"]


def totals(params: DepthwiseConv2dParams) -> Int64Array:
    """Sums of ``(input + offset) * weights`` for each output."""
    values, weights = params.input.astype(np.int64) + params.input_offset, params.weights.astype(np.int64)
    values = values.repeat(params.depth_multiplier, axis=3)
    total = np.zeros(params.output_shape, np.int64)
    for i, j, written, read in window_slices(params, params.weights_shape[1:3]):
        total[written] += values[read] * weights[0, i, j]
    return total


def _calls(drawer: CaseDrawer) -> DepthwiseConv2dParams:
    batches, height, width = drawer.integer(1, 2), drawer.integer(1, 9), drawer.integer(1, 9)
    channels, multiplier = drawer.depth(5), drawer.one_of(1, 1, 2, 3, 4)
    kernel, window = draw_window(drawer, height, width)
    channels_out = channels * multiplier
    image = drawer.int8(batches, height, width, channels)
    weights, bias = draw_weights(drawer, 1, *kernel, channels_out), draw_bias(drawer, channels_out)
    params = prepare(
        input_shape=(batches, height, width, channels),
        weights_shape=(1, *kernel, channels_out),
        output_shape=(batches, *output_size((height, width), kernel, window), channels_out),
        depth_multiplier=multiplier,
        **window,
        **draw_quantisation(drawer, channels_out, kernel[0] * kernel[1], dimension=3),
    )
    params.input, params.weights, params.bias = image, weights, bias
    return params


def plain_depthwise_conv2d(
    input: Int8Array,
    weights: Int8Array,
    bias: Sequence[int] | None = None,
    scale: float | Sequence[float] = 1.0,
    *,
    input_offset: int = 0,
    output_offset: int = 0,
    **attributes: Any,
) -> DepthwiseConv2dParams:
    """A bound depthwise convolution of these contents, as :func:`.conv2d.plain_conv2d` makes a convolution."""
    _, *kernel, channels = weights.shape
    attributes = {"padding": Padding.VALID, **attributes}
    rows, columns = output_size((input.shape[1], input.shape[2]), (kernel[0], kernel[1]), attributes)
    params = prepare(
        input_shape=input.shape,
        weights_shape=weights.shape,
        output_shape=(len(input), rows, columns, channels),
        depth_multiplier=channels // input.shape[3],
        **(plain_quantisation(channels, scale, 3, input_offset, output_offset) | attributes),
    )
    bind_plainly(params, input, weights, bias)
    return params


def _channels_modulo(params: Params) -> dict[str, Any] | None:
    """Output channel ``c`` computed from input channel ``c % C_in``: as if the input's channels were repeated whole."""
    repeats = params.depth_multiplier
    wide = np.tile(params.input, (1, 1, 1, repeats))
    return {"input": wide, "input_shape": wide.shape, "depth_multiplier": 1} if repeats > 1 else None


# Published bugs.


def _asymmetric_same() -> list[Params]:
    same: dict[str, Any] = {"padding": Padding.SAME, "stride_h": 2, "stride_w": 2, **OFFSETS}
    return [
        plain_depthwise_conv2d(seeded_int8(1, 8, 8, depth), seeded_int8(1, 3, 3, depth, seed=1), None, 0.004, **same)
        for depth in (3, 8, 16)
    ]


def _scratch() -> list[Params]:
    one_sided: dict[str, Any] = {"padding": Padding.SAME, **OFFSETS}
    weights = seeded_int8(1, 3, 3, 16)
    return [
        plain_depthwise_conv2d(seeded_int8(1, 9, 8, 16), weights, None, 0.004, **one_sided, stride_w=2),
        plain_depthwise_conv2d(seeded_int8(1, 8, 9, 16), weights, None, 0.004, **one_sided, stride_h=2),
        plain_depthwise_conv2d(seeded_int8(1, 8, 3, 16), weights, None, 0.004, **one_sided, stride_h=2),
        plain_depthwise_conv2d(seeded_int8(1, 54, 53, 16), weights, None, 0.004, **OFFSETS),
    ]


def _large_padding() -> list[Params]:
    same: dict[str, Any] = {"padding": Padding.SAME, **OFFSETS}
    return [plain_depthwise_conv2d(seeded_int8(1, 40, 40, 16), seeded_int8(1, 5, 5, 16), None, 0.003, **same)]


def _wide() -> list[Params]:
    bias = list(range(-1300, 1300, 10))
    return [plain_depthwise_conv2d(seeded_int8(1, 4, 4, 260), seeded_int8(1, 3, 3, 260), bias, 0.004, **OFFSETS)]


def _depth_multipliers() -> list[Params]:
    return [
        plain_depthwise_conv2d(seeded_int8(1, 5, 5, 4), seeded_int8(1, 3, 3, 4 * times, seed=1), None, 0.004, **OFFSETS)
        for times in (2, 3, 4, 8)
    ]


_REGRESSIONS: Mapping[str, Regression] = {
    "asymmetric SAME at stride 2, depthwise_conv2d": Regression(
        "esp-nn issue 31: an odd SAME padding has one more row and column after the image than before it",
        _asymmetric_same,
    ),
    "clamp at -128, depthwise_conv2d": saturating(plain_depthwise_conv2d, 1, 1, 1, 1),
    "zero point at the ends of int32, depthwise_conv2d": ends_of_int32(plain_depthwise_conv2d, 1, 1, 1, 16),
    "mixed rounding, depthwise_conv2d": ties(plain_depthwise_conv2d, 1, 1, 1, 7),
    "dilation, depthwise_conv2d": dilated(plain_depthwise_conv2d, 1, 3, 3, 8),
    "scratch of depthwise 3x3": Regression(
        "esp-nn issue 30: scratch too small for padding on one axis, or for an image over 40 KiB", _scratch
    ),
    "depthwise padding of large images": Regression(
        "ESP-NN fills padding rows with the input's offset where the image is worked on in parts", _large_padding
    ),
    "depthwise over 256 channels": Regression("ESP-NN for the ESP32-P4 drops bias and offset there", _wide),
    "depth multiplier": Regression(
        "output channel c belongs to input channel c // depth_multiplier", _depth_multipliers
    ),
}

CASES: Mapping[str, OperatorCases] = {
    "depthwise_conv2d": OperatorCases(
        define=sum_definition(totals),
        calls=_calls,
        mistakes={
            **sum_mistakes(totals),
            **CONVOLUTION,
            "output channel c computed from input channel c % C_in, not c // depth_multiplier": changed(
                _channels_modulo
            ),
        },
        regressions=_REGRESSIONS,
        activated=True,
    )
}
