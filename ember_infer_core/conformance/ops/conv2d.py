"""CONV_2D."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params, Regression
from ember_infer_core.conformance.contents import seeded_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed
from ember_infer_core.conformance.ops.sum_mistakes import sum_mistakes
from ember_infer_core.conformance.ops.sums import (
    EXACT_TIES,
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
from ember_infer_core.conformance.ops.windows import CONVOLUTION, draw_window, kernel_of, output_size, window_slices
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.conv2d import Conv2dParams, prepare
from ember_infer_core.ops.windows import Padding
from ember_infer_core.slots import AnyArray, Int8Array

__all__ = ["CASES", "dilated", "plain_conv2d", "totals"]


def totals(params: Conv2dParams) -> Int64Array:
    """Sums of ``(input + offset) * weights`` for each output."""
    values, weights = params.input.astype(np.int64) + params.input_offset, params.weights.astype(np.int64)
    total = np.zeros(params.output_shape, np.int64)
    depth, filters = params.weights_shape[3], params.weights_shape[0] // params.groups
    for i, j, written, read in window_slices(params, params.weights_shape[1:3]):
        for group in range(params.groups):
            of_group = slice(group * filters, (group + 1) * filters)
            seen = values[read][..., group * depth : (group + 1) * depth]
            total[written][..., of_group] += seen @ weights[of_group, i, j].T
    return total


def _calls(drawer: CaseDrawer) -> Conv2dParams:
    batches, height, width = drawer.integer(1, 2), drawer.integer(1, 9), drawer.integer(1, 9)
    groups, depth, filters = drawer.one_of(1, 1, 2, 3), drawer.depth(6), drawer.depth(4)
    kernel, window = draw_window(drawer, height, width)
    channels = groups * filters
    image = drawer.int8(batches, height, width, groups * depth)
    weights, bias = draw_weights(drawer, channels, *kernel, depth), draw_bias(drawer, channels)
    params = prepare(
        input_shape=(batches, height, width, groups * depth),
        weights_shape=(channels, *kernel, depth),
        output_shape=(batches, *output_size((height, width), kernel, window), channels),
        **window,
        **draw_quantisation(drawer, channels, kernel[0] * kernel[1] * depth),
    )
    params.input, params.weights, params.bias = image, weights, bias
    return params


def plain_conv2d(
    input: Int8Array,
    weights: Int8Array,
    bias: Sequence[int] | None = None,
    scale: float | Sequence[float] = 1.0,
    *,
    input_offset: int = 0,
    output_offset: int = 0,
    **attributes: Any,
) -> Conv2dParams:
    """A bound convolution of these contents, unpadded, with one scale for each channel and these other attributes."""
    channels, *kernel, _ = weights.shape
    attributes = {"padding": Padding.VALID, **attributes}
    rows, columns = output_size((input.shape[1], input.shape[2]), (kernel[0], kernel[1]), attributes)
    params = prepare(
        input_shape=input.shape,
        weights_shape=weights.shape,
        output_shape=(len(input), rows, columns, channels),
        **(plain_quantisation(channels, scale, 0, input_offset, output_offset) | attributes),
    )
    bind_plainly(params, input, weights, bias)
    return params


# Mistakes.


def _groups_of_first(params: Params) -> dict[str, Any] | None:
    depth = params.weights_shape[3]
    image = params.input[..., :depth]
    return {"input": image, "input_shape": image.shape} if params.groups > 1 else None


def _esp_without_nudge(define: Definition, params: Params) -> AnyArray | None:
    """ESP-NN for the ESP32-S3 built with SKIP_NUDGE: only some convolutions, and there only whole groups of pixels."""
    if kernel_of(params) != (1, 1) or (params.stride_h, params.stride_w) != (1, 1) or params.input_shape[3] % 8:
        return None
    result: AnyArray = np.asarray(define(params))
    whole = params.input_shape[1] * params.input_shape[2] // 8 * 8
    channels = params.output_shape[3]
    for mixed, image in zip(result, np.asarray(define(params, "no-nudge")), strict=True):
        mixed.reshape(-1, channels)[:whole] = image.reshape(-1, channels)[:whole]
    return result


# Published bugs.


def dilated(make: Callable[..., Any], *weights_shape: int) -> Regression:
    """Dilations of 2, padded and not."""

    def calls() -> list[Any]:
        image, weights = seeded_int8(1, 9, 9, 8), seeded_int8(*weights_shape, seed=1)
        return [
            make(image, weights, None, 0.003, padding=padding, dilation_h_factor=2, dilation_w_factor=2, **OFFSETS)
            for padding in Padding
        ]

    return Regression("ESP-NN's convolutions ignore dilation", calls)


def _asymmetric_same() -> list[Params]:
    same: dict[str, Any] = {"padding": Padding.SAME, "stride_h": 2, "stride_w": 2, **OFFSETS}
    return [
        plain_conv2d(seeded_int8(1, 8, 8, depth), seeded_int8(6, 3, 3, depth, seed=1), None, 0.002, **same)
        for depth in (3, 8, 16)
    ]


def _edges_of_int32() -> list[Params]:
    weights = np.full((2, 1, 1, 1), 100, np.int8)
    image = np.array([100, -100, 0, 127], np.int8).reshape(1, 4, 1, 1)
    return [
        plain_conv2d(image, weights, bias, 2.0**-25)
        for bias in ([2**31 - 1, -(2**31)], [2**31 - 10_001, -(2**31) + 10_000])
    ]


def _ties_of_pointwise() -> list[Params]:
    weights = np.zeros((len(EXACT_TIES), 1, 1, 8), np.int8)
    weights[..., 0] = 1
    return [plain_conv2d(seeded_int8(1, 5, 5, 8), weights, None, EXACT_TIES)]


def _narrow_images() -> list[Params]:
    same: dict[str, Any] = {"padding": Padding.SAME, **OFFSETS}
    return [
        plain_conv2d(seeded_int8(1, height, width, 3), seeded_int8(8, 5, 5, 3, seed=1), None, 0.002, **same)
        for height, width in ((2, 2), (6, 3), (3, 6), (1, 1))
    ]


def _scales_of_their_own() -> list[Params]:
    scales = [0.001, 0.01, 0.0001, 0.05, 0.002, 0.7]
    image, weights = seeded_int8(1, 4, 4, 5), seeded_int8(6, 1, 1, 5, seed=1)
    return [plain_conv2d(image, weights, [0, 900, -900, 5, 0, 3], scales, **OFFSETS)]


def _relus() -> list[Params]:
    image, weights = seeded_int8(1, 4, 4, 5), seeded_int8(3, 1, 1, 5, seed=1)
    return [
        plain_conv2d(image, weights, None, 0.005, fused_activation=activation, output_offset=zero_point)
        for activation, zero_point in (
            (FusedActivation.RELU, -128),
            (FusedActivation.RELU, -10),
            (FusedActivation.RELU6, -20),
        )
    ]


_REGRESSIONS: Mapping[str, Regression] = {
    "asymmetric SAME at stride 2, conv2d": Regression(
        "esp-nn issue 31: an odd SAME padding has one more row and column after the image than before it",
        _asymmetric_same,
    ),
    "clamp at -128, conv2d": saturating(plain_conv2d, 1, 1, 1, 1),
    "accumulators at the edge of int32": Regression(
        "accumulators wrap in int32, as TFLM's do; they neither saturate nor grow", _edges_of_int32
    ),
    "zero point at the ends of int32, conv2d": ends_of_int32(plain_conv2d, 16, 1, 1, 1),
    "mixed rounding, conv2d": ties(plain_conv2d, 7, 1, 1, 1),
    "skipped nudge in 1x1 convolutions": Regression(
        "ESP-NN built with SKIP_NUDGE: 1x1 convolutions of 8 channels round down first", _ties_of_pointwise
    ),
    "dilation, conv2d": dilated(plain_conv2d, 6, 3, 3, 8),
    "images smaller than the kernel": Regression(
        "ESP-NN's im2col convolution is wrong where the input is narrower than the filter", _narrow_images
    ),
    "a scale for each channel": Regression("per-channel multipliers", _scales_of_their_own),
    "activations": Regression("RELU at a zero point of -128, RELU6 that is narrow", _relus),
}

CASES: Mapping[str, OperatorCases] = {
    "conv2d": OperatorCases(
        define=sum_definition(totals),
        calls=_calls,
        mistakes={
            "ESP-NN's SKIP_NUDGE: the first rounding of 1x1 convolutions is a floor": _esp_without_nudge,
            **sum_mistakes(totals),
            **CONVOLUTION,
            "groups ignored: every one reads the first one's channels": changed(_groups_of_first),
        },
        regressions=_REGRESSIONS,
        activated=True,
    )
}
