"""Calls after bugs that were published, or found, in kernels for microcontrollers: each is what set one of them off."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.conformance.plain import (
    plain_add,
    plain_conv2d,
    plain_depthwise_conv2d,
    plain_fully_connected,
    plain_mul,
    plain_pool,
    plain_softmax,
)
from ember_infer_core.ops.common import Padding
from ember_infer_core.quantization import QuantParam, calculate_activation_range_quantized
from ember_infer_core.slots import Int8Array

__all__ = ["REGRESSIONS", "Regression", "published_calls"]


@dataclass(frozen=True, slots=True)
class Regression:
    """A bug, and calls that it shows in.

    Attributes:
        bug: what went wrong and where it was told.
        operator: the method called.
        calls: makes the parameters of the calls.
    """

    bug: str
    operator: str
    calls: Callable[[], list[Any]]


def _int8(*shape: int, seed: int = 0) -> Int8Array:
    return np.random.default_rng(seed).integers(-128, 128, shape, np.int8)


def _values(*values: int) -> Int8Array:
    return np.array(values, np.int8)


_OFFSETS: Mapping[str, Any] = {"input_offset": 5, "output_offset": -7}


def _asymmetric_same_conv2d() -> list[Any]:
    same: dict[str, Any] = {"padding": Padding.SAME, "stride_h": 2, "stride_w": 2, **_OFFSETS}
    return [
        plain_conv2d(_int8(1, 8, 8, depth), _int8(6, 3, 3, depth, seed=1), None, 0.002, **same) for depth in (3, 8, 16)
    ]


def _asymmetric_same_depthwise() -> list[Any]:
    same: dict[str, Any] = {"padding": Padding.SAME, "stride_h": 2, "stride_w": 2, **_OFFSETS}
    return [
        plain_depthwise_conv2d(_int8(1, 8, 8, depth), _int8(1, 3, 3, depth, seed=1), None, 0.004, **same)
        for depth in (3, 8, 16)
    ]


def _two_outputs() -> list[Any]:
    return [
        plain_fully_connected(_int8(batches, depth), _int8(2, depth, seed=1), [100, -200], 0.002, **_OFFSETS)
        for batches, depth in ((1, 16), (1, 17), (1, 64), (3, 16), (2, 40))
    ]


def _saturating(make: Callable[..., Any], *weights_shape: int) -> Callable[[], list[Any]]:
    """Sums on both sides of both ends of int8, with clamps at -128, at the zero point, and in between."""

    def calls() -> list[Any]:
        weights = np.ones(weights_shape, np.int8)
        values = _values(-128, -127, -65, -64, -3, 0, 3, 63, 64, 126, 127)
        image: Int8Array = values.reshape((-1, 1) if len(weights_shape) == 2 else (1, -1, 1, 1))
        found = []
        for activation in (FusedActivation.NONE, FusedActivation.RELU, FusedActivation.RELU6):
            for zero_point in (0, -128, 127, -20):
                low, high = calculate_activation_range_quantized(activation, QuantParam(1.0, zero_point))
                clamp = {"fused_activation": activation, "activation_min": low, "activation_max": high}
                found.append(make(image, weights, None, 2.0, output_offset=zero_point, **clamp))
        return found

    return calls


def _edges_of_int32() -> list[Any]:
    weights = np.full((2, 1, 1, 1), 100, np.int8)
    image = _values(100, -100, 0, 127).reshape(1, 4, 1, 1)
    return [
        plain_conv2d(image, weights, bias, 2.0**-25)
        for bias in ([2**31 - 1, -(2**31)], [2**31 - 10_001, -(2**31) + 10_000])
    ]


def _vanishing_multipliers() -> list[Any]:
    scales = [2.0**exponent * 1.3 for exponent in (-28, -30, -31, -32, -33, -34, -40, -60)]
    weights = np.full((len(scales), 2), 127, np.int8)
    biases = [[0] * len(scales), [2**31 - 40_000] * len(scales), [-(2**31) + 40_000] * len(scales)]
    return [
        plain_fully_connected(_values(127, 127, -128, -128, 1, 0).reshape(3, 2), weights, bias, scales)
        for bias in biases
    ]


def _left_shifts() -> list[Any]:
    scales = [1.0, 1.5, 2.0, 3.7, 17.0, 100.0]
    return [plain_fully_connected(_values(-2, -1, 0, 1, 2, 3).reshape(6, 1), np.ones((6, 1), np.int8), None, scales)]


_EXACT_TIES = (0.5, 0.25, 0.125, 0.75, 0.0625, 0.3, 0.015625)


def _ties(make: Callable[..., Any], *weights_shape: int) -> Callable[[], list[Any]]:
    """Every int8 as an accumulator, at scales that make ties of many."""

    def calls() -> list[Any]:
        values = np.arange(-128, 128).astype(np.int8)
        image = values.reshape((-1, 1) if len(weights_shape) == 2 else (1, 16, 16, 1))
        weights = np.ones(weights_shape, np.int8)
        return [make(image, weights, None, _EXACT_TIES[: weights.size])]

    return calls


def _ties_of_pointwise() -> list[Any]:
    weights = np.zeros((len(_EXACT_TIES), 1, 1, 8), np.int8)
    weights[..., 0] = 1
    return [plain_conv2d(_int8(1, 5, 5, 8), weights, None, _EXACT_TIES)]


_ADD_QUANTS = (
    (QuantParam(0.5, 3), QuantParam(0.25, -7), QuantParam(0.6, 11)),
    (QuantParam(0.02, -128), QuantParam(0.9, 127), QuantParam(0.91, 0)),
    (QuantParam(0.1, 0), QuantParam(0.1, 0), QuantParam(0.05, -128)),
)


def _all_pairs() -> tuple[Int8Array, Int8Array]:
    values = np.arange(-128, 128).astype(np.int8)
    return values.repeat(256).reshape(1, 64, 64, 16), np.tile(values, 256).reshape(1, 64, 64, 16)


def _residual_add() -> list[Any]:
    return [plain_add(*_all_pairs(), quants) for quants in _ADD_QUANTS]


def _short_add() -> list[Any]:
    return [plain_add(_int8(size), _int8(size, seed=1), _ADD_QUANTS[0]) for size in range(1, 20)]


def _tails_of_mul() -> list[Any]:
    ties = [plain_mul(np.full(size, -3, np.int8), np.ones(size, np.int8), 0.25 * 2 / 3) for size in range(1, 18)]
    odd = [plain_mul(_int8(size), np.ones(size, np.int8), 0.25) for size in range(1, 18)]
    return [*ties, *odd, plain_mul(*_all_pairs(), 0.01)]


def _dilated(make: Callable[..., Any], *weights_shape: int) -> Callable[[], list[Any]]:
    def calls() -> list[Any]:
        image, weights = _int8(1, 9, 9, 8), _int8(*weights_shape, seed=1)
        return [
            make(image, weights, None, 0.003, padding=padding, dilation_h_factor=2, dilation_w_factor=2, **_OFFSETS)
            for padding in Padding
        ]

    return calls


def _scratch_of_depthwise() -> list[Any]:
    one_sided: dict[str, Any] = {"padding": Padding.SAME, **_OFFSETS}
    return [
        plain_depthwise_conv2d(_int8(1, 9, 8, 16), _int8(1, 3, 3, 16), None, 0.004, **one_sided, stride_w=2),
        plain_depthwise_conv2d(_int8(1, 8, 9, 16), _int8(1, 3, 3, 16), None, 0.004, **one_sided, stride_h=2),
        plain_depthwise_conv2d(_int8(1, 8, 3, 16), _int8(1, 3, 3, 16), None, 0.004, **one_sided, stride_h=2),
        plain_depthwise_conv2d(_int8(1, 54, 53, 16), _int8(1, 3, 3, 16), None, 0.004, **_OFFSETS),
    ]


def _large_depthwise_padding() -> list[Any]:
    same: dict[str, Any] = {"padding": Padding.SAME, **_OFFSETS}
    return [plain_depthwise_conv2d(_int8(1, 40, 40, 16), _int8(1, 5, 5, 16), None, 0.003, **same)]


def _wide_depthwise() -> list[Any]:
    bias = list(range(-1300, 1300, 10))
    return [plain_depthwise_conv2d(_int8(1, 4, 4, 260), _int8(1, 3, 3, 260), bias, 0.004, **_OFFSETS)]


def _narrow_images() -> list[Any]:
    same: dict[str, Any] = {"padding": Padding.SAME, **_OFFSETS}
    return [
        plain_conv2d(_int8(1, height, width, 3), _int8(8, 5, 5, 3, seed=1), None, 0.002, **same)
        for height, width in ((2, 2), (6, 3), (3, 6), (1, 1))
    ]


def _odd_channels_of_pools() -> list[Any]:
    return [
        plain_pool(_int8(1, 6, 6, channels), (2, 2), stride_h=2, stride_w=2) for channels in (1, 2, 3, 5, 6, 7, 8, 18)
    ]


def _large_windows() -> list[Any]:
    images = [np.full((1, 20, 20, 3), value, np.int8) for value in (127, -128)]
    return [plain_pool(image, (20, 20)) for image in [*images, _int8(1, 20, 20, 5)]]


def _windows_over_the_edge() -> list[Any]:
    image = -np.abs(_int8(1, 5, 5, 4).astype(np.int16)).clip(1, 128).astype(np.int8)
    return [plain_pool(image, (3, 3), padding=Padding.SAME, stride_h=stride, stride_w=stride) for stride in (1, 2)]


def _halves_of_average() -> list[Any]:
    pairs = np.stack(np.meshgrid(np.arange(-128, 128), np.arange(-4, 4)), -1).reshape(1, -1, 2, 1)
    return [plain_pool(pairs.astype(np.int8), (1, 2))]


def _sharp_and_flat_softmax() -> list[Any]:
    rows = [_int8(4, 10), np.zeros((1, 7), np.int8), np.tile(_values(-128, 127), (1, 20)), _int8(2, 257, seed=3)]
    return [plain_softmax(row, scale) for row in rows for scale in (0.004, 0.1, 1.0, 16.0)]


def _depth_multipliers() -> list[Any]:
    return [
        plain_depthwise_conv2d(_int8(1, 5, 5, 4), _int8(1, 3, 3, 4 * times, seed=1), None, 0.004, **_OFFSETS)
        for times in (2, 3, 4, 8)
    ]


def _weights_with_a_zero_point() -> list[Any]:
    return [
        plain_fully_connected(
            _int8(2, 20),
            _int8(5, 20, seed=1),
            None,
            0.0005,
            weights_offset=offset,
            weights_quant=QuantParam(float(np.float32(0.0005)), -offset),
            **_OFFSETS,
        )
        for offset in (3, 128, -127)
    ]


def _scales_of_their_own() -> list[Any]:
    scales = [0.001, 0.01, 0.0001, 0.05, 0.002, 0.7]
    return [
        plain_conv2d(_int8(1, 4, 4, 5), _int8(6, 1, 1, 5, seed=1), [0, 900, -900, 5, 0, 3], scales, **_OFFSETS),
    ]


def _relus() -> list[Any]:
    return [
        plain_conv2d(
            _int8(1, 4, 4, 5),
            _int8(3, 1, 1, 5, seed=1),
            None,
            0.005,
            fused_activation=activation,
            activation_min=low,
            activation_max=high,
            output_offset=low,
        )
        for activation, low, high in (
            (FusedActivation.RELU, -128, 127),
            (FusedActivation.RELU, -10, 127),
            (FusedActivation.RELU6, -20, -14),
        )
    ]


# By a name for each.
REGRESSIONS: Mapping[str, Regression] = {
    "asymmetric SAME at stride 2, conv2d": Regression(
        "esp-nn issue 31: an odd SAME padding has one more row and column after the image than before it",
        "conv2d",
        _asymmetric_same_conv2d,
    ),
    "asymmetric SAME at stride 2, depthwise_conv2d": Regression(
        "esp-nn issue 31: an odd SAME padding has one more row and column after the image than before it",
        "depthwise_conv2d",
        _asymmetric_same_depthwise,
    ),
    "fully connected with out_ch 2": Regression(
        "esp-nn issue 34: two outputs, which a kernel that writes four at a time misses or overruns",
        "fully_connected",
        _two_outputs,
    ),
    "clamp at -128, conv2d": Regression(
        "esp-nn issue 23: results below -128 must stop there, whatever the activation's range",
        "conv2d",
        _saturating(plain_conv2d, 1, 1, 1, 1),
    ),
    "clamp at -128, depthwise_conv2d": Regression(
        "esp-nn issue 23: results below -128 must stop there, whatever the activation's range",
        "depthwise_conv2d",
        _saturating(plain_depthwise_conv2d, 1, 1, 1, 1),
    ),
    "clamp at -128, fully_connected": Regression(
        "esp-nn issue 23: results below -128 must stop there, whatever the activation's range",
        "fully_connected",
        _saturating(plain_fully_connected, 1, 1),
    ),
    "accumulators at the edge of int32": Regression(
        "accumulators wrap in int32, as TFLM's do; they neither saturate nor grow", "conv2d", _edges_of_int32
    ),
    "shifts beyond 62": Regression(
        "a scale below about 2**-32 makes a shift beyond 62, which no 64-bit machine has: the result is the zero point",
        "fully_connected",
        _vanishing_multipliers,
    ),
    "left shifts": Regression("scales of 1 and more have positive shifts", "fully_connected", _left_shifts),
    "residual add": Regression(
        "CMSIS-NN issue 66: add of two scales and zero points, over all pairs of int8", "add", _residual_add
    ),
    "short add": Regression("tails that are shorter than a vector", "add", _short_add),
    "mixed rounding, conv2d": Regression(
        "CMSIS-NN issue 214: some kernels round once, some twice; all must as TFLM does",
        "conv2d",
        _ties(plain_conv2d, 7, 1, 1, 1),
    ),
    "mixed rounding, depthwise_conv2d": Regression(
        "CMSIS-NN issue 214: some kernels round once, some twice; all must as TFLM does",
        "depthwise_conv2d",
        _ties(plain_depthwise_conv2d, 1, 1, 1, 7),
    ),
    "mixed rounding, fully_connected": Regression(
        "CMSIS-NN issue 214: some kernels round once, some twice; all must as TFLM does",
        "fully_connected",
        _ties(plain_fully_connected, 7, 1),
    ),
    "skipped nudge in 1x1 convolutions": Regression(
        "ESP-NN built with SKIP_NUDGE: 1x1 convolutions of 8 channels round down first", "conv2d", _ties_of_pointwise
    ),
    "dilation, conv2d": Regression(
        "ESP-NN's convolutions ignore dilation", "conv2d", _dilated(plain_conv2d, 6, 3, 3, 8)
    ),
    "dilation, depthwise_conv2d": Regression(
        "ESP-NN's convolutions ignore dilation", "depthwise_conv2d", _dilated(plain_depthwise_conv2d, 1, 3, 3, 8)
    ),
    "scratch of depthwise 3x3": Regression(
        "esp-nn issue 30: scratch too small for padding on one axis, or for an image over 40 KiB",
        "depthwise_conv2d",
        _scratch_of_depthwise,
    ),
    "depthwise padding of large images": Regression(
        "ESP-NN fills padding rows with the input's offset where the image is worked on in parts",
        "depthwise_conv2d",
        _large_depthwise_padding,
    ),
    "depthwise over 256 channels": Regression(
        "ESP-NN for the ESP32-P4 drops bias and offset there", "depthwise_conv2d", _wide_depthwise
    ),
    "depth multiplier": Regression(
        "output channel c belongs to input channel c // depth_multiplier", "depthwise_conv2d", _depth_multipliers
    ),
    "images smaller than the kernel": Regression(
        "ESP-NN's im2col convolution is wrong where the input is narrower than the filter", "conv2d", _narrow_images
    ),
    "channels of max_pool": Regression(
        "ESP-NN's max_pool returns without writing where channels are no multiple of 4",
        "max_pool",
        _odd_channels_of_pools,
    ),
    "channels of avg_pool": Regression(
        "vector kernels that miss the last channels", "avg_pool", _odd_channels_of_pools
    ),
    "large windows of avg_pool": Regression(
        "ESP-NN's 16-bit sum wraps in windows of over 256 pixels", "avg_pool", _large_windows
    ),
    "max_pool over the edge": Regression(
        "taps outside the image count for nothing, not as 0", "max_pool", _windows_over_the_edge
    ),
    "avg_pool over the edge": Regression(
        "taps outside the image do not count in the divisor", "avg_pool", _windows_over_the_edge
    ),
    "halves of avg_pool": Regression("averages are rounded half away from zero", "avg_pool", _halves_of_average),
    "tails and ties of mul": Regression(
        "ESP-NN's scalar tail of mul rounds negative ties the wrong way", "mul", _tails_of_mul
    ),
    "sharp and flat softmax": Regression(
        "certainty saturates at 127, differences beyond diff_min vanish, equal inputs share",
        "softmax",
        _sharp_and_flat_softmax,
    ),
    "weights with a zero point": Regression(
        "fully connected with one scale for all weights: their zero point counts",
        "fully_connected",
        _weights_with_a_zero_point,
    ),
    "a scale for each channel": Regression("per-channel multipliers", "conv2d", _scales_of_their_own),
    "activations": Regression("RELU at a zero point of -128, RELU6 that is narrow", "conv2d", _relus),
}


@functools.cache
def published_calls(operator: str) -> tuple[Any, ...]:
    """The calls of this operator after all of these bugs; whoever gets them leaves them as they are."""
    regressions = [regression for regression in REGRESSIONS.values() if regression.operator == operator]
    return tuple(one for regression in regressions for one in regression.calls())
