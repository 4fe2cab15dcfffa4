"""The suite's definition, which works tap by tap on whole arrays, against one output at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core import Conv2dParams, DepthwiseConv2dParams, PoolParams
from ember_infer_core.conformance.arithmetic import ROUNDINGS, scaled
from ember_infer_core.conformance.definition import defined
from ember_infer_core.conformance.ops import conv2d, depthwise_conv2d
from ember_infer_core.conformance.ops.conv2d import plain_conv2d
from ember_infer_core.conformance.regressions import REGRESSIONS, calls_after
from ember_infer_core.conformance.strategies import calls_of


def taps(params: Any, kernel: tuple[int, int], y: int, x: int) -> Iterator[tuple[int, int, int, int]]:
    """``(row tap, column tap, row, column)`` of a window's taps that fall into the image, for one output."""
    _, height, width, _ = params.input_shape
    dilation_h, dilation_w = getattr(params, "dilation_h_factor", 1), getattr(params, "dilation_w_factor", 1)
    for i, j in np.ndindex(*kernel):
        row = y * params.stride_h - params.pad_h + i * dilation_h
        column = x * params.stride_w - params.pad_w + j * dilation_w
        if 0 <= row < height and 0 <= column < width:
            yield i, j, row, column


@given(params=calls_of("conv2d"))
def test_a_convolution_sums_over_its_group_s_channels_inside_the_image(params: Conv2dParams) -> None:
    channels_out, height, width, depth = params.weights_shape
    values, total = params.input.astype(np.int64) + params.input_offset, np.zeros(params.output_shape, np.int64)
    for _, y, x, c in np.ndindex(1, *params.output_shape[1:]):
        group = c // (channels_out // params.groups)
        for i, j, row, column in taps(params, (height, width), y, x):
            seen = values[:, row, column, group * depth : (group + 1) * depth]
            total[:, y, x, c] += seen @ params.weights[c, i, j].astype(np.int64)
    np.testing.assert_array_equal(conv2d.totals(params), total)


@given(params=calls_of("depthwise_conv2d"))
def test_a_depthwise_convolution_keeps_channels_apart(params: DepthwiseConv2dParams) -> None:
    _, height, width, _ = params.weights_shape
    values, total = params.input.astype(np.int64) + params.input_offset, np.zeros(params.output_shape, np.int64)
    for _, y, x, c in np.ndindex(1, *params.output_shape[1:]):
        for i, j, row, column in taps(params, (height, width), y, x):
            total[:, y, x, c] += values[:, row, column, c // params.depth_multiplier] * int(params.weights[0, i, j, c])
    np.testing.assert_array_equal(depthwise_conv2d.totals(params), total)


def rounded_half_away_from_zero(value: Fraction) -> int:
    magnitude = int(abs(value) + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


def rounded_half_toward_zero(value: Fraction) -> int:
    magnitude = math.ceil(abs(value) - Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


@given(params=calls_of("avg_pool"))
def test_pools_look_at_the_image_alone(params: PoolParams) -> None:
    average, greatest = (np.empty(params.output_shape, np.int64) for _ in range(2))
    kernel = params.filter_height, params.filter_width
    for n, y, x, c in np.ndindex(*params.output_shape):
        pixels = [int(params.input[n, row, column, c]) for _, _, row, column in taps(params, kernel, y, x)]
        average[n, y, x, c] = rounded_half_away_from_zero(Fraction(sum(pixels), len(pixels)))
        greatest[n, y, x, c] = max(pixels)
    clamp = params.activation_min, params.activation_max
    np.testing.assert_array_equal(defined("avg_pool", params), np.clip(average, *clamp))
    np.testing.assert_array_equal(defined("max_pool", params), np.clip(greatest, *clamp))


@given(st.integers(-(2**31), 2**31 - 1), st.integers(2**30, 2**31 - 1), st.integers(-31, 0))
def test_the_roundings_are_what_they_are_said_to_be(value: int, multiplier: int, shift: int) -> None:
    """Each from exact fractions."""
    exact = Fraction(value * multiplier, 2**31)
    first = (value * multiplier + 2**30) // 2**31
    expected = {
        "double": rounded_half_away_from_zero(Fraction(first, 2**-shift)),
        "single": (value * multiplier + 2 ** (30 - shift)) // 2 ** (31 - shift),
        "no-nudge": rounded_half_away_from_zero(Fraction(exact.numerator // exact.denominator, 2**-shift)),
        "half-to-zero": rounded_half_toward_zero(Fraction(first, 2**-shift)),
        "single-half-to-zero": rounded_half_toward_zero(exact / 2**-shift),
        "cut-off": int(Fraction(int(exact + Fraction(1, 2)), 2**-shift) + (Fraction(1, 2) if shift else 0)),
        "single-cut-off": int(exact / 2**-shift + Fraction(1, 2)),
    }
    for rounding in ROUNDINGS:
        if rounding != "float":
            result = scaled(np.array([value]), np.array([multiplier]), np.array([shift]), rounding)
            assert result.tolist() == [expected[rounding]]


def test_the_roundings_differ_where_they_should() -> None:
    inputs = np.array([1, 2, -2, -6, 5], np.int8).reshape(1, 5, 1, 1)
    params = plain_conv2d(inputs, np.ones((1, 1, 1, 1), np.int8), scale=0.25)
    results = {rounding: defined("conv2d", params, rounding).ravel().tolist() for rounding in ROUNDINGS}
    assert results == {
        "double": [1, 1, -1, -2, 2],  # an accumulator of 1 is half a step after the first rounding
        "single": [0, 1, 0, -1, 1],
        "float": [0, 0, 0, -2, 1],
        "no-nudge": [0, 1, -1, -2, 1],
        "half-to-zero": [0, 0, 0, -1, 1],
        "single-half-to-zero": [0, 0, 0, -1, 1],
        "cut-off": [1, 1, 0, 0, 2],
        "single-cut-off": [0, 1, 0, -1, 1],
    }


def test_no_regression_is_without_calls() -> None:
    assert all(calls_after(name) for name in REGRESSIONS)
