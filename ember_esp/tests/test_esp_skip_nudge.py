"""SKIP_NUDGE: equal to the rule written out in Python's integers, and different nowhere else."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_esp import EspBackend, EspP4Backend
from ember_infer_core import Conv2dParams, FusedActivation, Padding, UnsupportedActivation
from ember_infer_core.conformance.drawing import CaseDrawer, Draw
from ember_infer_core.conformance.ops.conv2d import plain_conv2d
from ember_infer_core.conformance.ops.sums import draw_bias, draw_quantisation, draw_weights
from ember_infer_core.conformance.strategies import calls_of
from ember_infer_core.ops.conv2d import prepare
from ember_infer_core.quantization import PerChannelQuantParam
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend
from esp_cases import Int8Array, bound, output_of, placed
from tests.support.effort import thorough

INT32 = 2**32


def wrapped(value: int) -> int:
    return (value + INT32 // 2) % INT32 - INT32 // 2


def without_nudge(x: int, multiplier: int, shift: int) -> int:
    """The rule of the kernel, one value at a time."""
    left, right = max(shift, 0), max(-shift, 0)
    value = (wrapped(x << left) * multiplier) >> 31
    return (value + (1 << right - 1) - (value < 0)) >> right if right > 0 else value


def with_nudge(x: int, multiplier: int, shift: int) -> int:
    """TensorFlow Lite Micro's rule: the high half rounded, then a division that rounds half away from zero."""
    left, right = max(shift, 0), max(-shift, 0)
    value = (wrapped(x << left) * multiplier + 2**30) >> 31
    rounded = (2 * abs(value) + (1 << right)) // (2 << right)
    return rounded if value >= 0 else -rounded


def slow_pointwise(params: Conv2dParams, skips: bool) -> Int8Array:
    """A pointwise convolution from its definition; ``skips``: the first groups of eight pixels of aligned images."""
    batch, height, width, channels = params.input_shape
    pixels = height * width
    result = np.empty((batch, pixels, params.output_shape[3]), np.int8)
    for image, pixel, channel in np.ndindex(result.shape):
        row = params.input.reshape(batch, pixels, channels)[image, pixel].tolist()
        weights = params.weights[channel, 0, 0].tolist()
        total = sum((value + params.input_offset) * weight for value, weight in zip(row, weights, strict=True))
        total = wrapped(total + (0 if params.bias is None else int(params.bias[channel])))
        aligned = (params.input.ctypes.data + image * pixels * channels) % 16 == 0
        rule = without_nudge if skips and aligned and pixel < 8 * (pixels // 8) else with_nudge
        value = rule(total, int(params.output_multiplier[channel]), int(params.output_shift[channel]))
        result[image, pixel, channel] = min(
            max(wrapped(value + params.output_offset), params.activation_min), params.activation_max
        )
    return result.reshape(params.output_shape)


@st.composite
def pointwise_calls(draw: Draw) -> tuple[Conv2dParams, int]:
    """A pointwise convolution, and how many bytes its input is away from a multiple of 16."""
    drawer = CaseDrawer(draw)
    batch, height, width = drawer.integer(1, 3), drawer.integer(2, 6), drawer.integer(1, 6)
    channels, filters = drawer.one_of(8, 12, 16, 24, 5), drawer.integer(1, 4)
    quantisation = draw_quantisation(drawer, filters, channels)
    image, weights = drawer.int8(batch, height, width, channels), draw_weights(drawer, filters, 1, 1, channels)
    if drawer.one_of(True, True, False):
        # Small sums and scales about 1, where the two rules differ often.
        zero_point = quantisation["input_quant"].zero_point
        image = (drawer.random.integers(-3, 4, image.shape) + zero_point).clip(-128, 127).astype(np.int8)
        weights = drawer.random.integers(-1, 2, weights.shape, np.int8)
        scales = tuple((2.0 ** drawer.random.uniform(-4, 2, filters)).tolist())
        quantisation["weights_quant"] = PerChannelQuantParam(scales, (0,) * filters, 0)
    params = prepare(
        input_shape=(batch, height, width, channels),
        weights_shape=(filters, 1, 1, channels),
        output_shape=(batch, height, width, filters),
        padding=drawer.one_of(Padding.SAME, Padding.VALID),
        **quantisation,
    )
    params.input, params.weights, params.bias = image, weights, draw_bias(drawer, filters)
    params.output = np.empty(params.output_shape, np.int8)
    return params, drawer.one_of(0, 0, 8, 4)


@thorough(ordinary=300, deep=5000)
@given(pointwise_calls())
def test_it_equals_the_slow_definition(case: tuple[Conv2dParams, int]) -> None:
    params, offset = case
    call = bound(params, offset=offset)
    expected = slow_pointwise(call, skips=params.input_shape[3] % 8 == 0)
    np.testing.assert_array_equal(output_of(EspBackend(skip_nudge=True).conv2d, call), expected)
    prepared = bound(params, offset=offset)
    prepared.cache = {}
    for _ in range(2):
        np.testing.assert_array_equal(output_of(EspBackend(skip_nudge=True).conv2d, prepared), expected)


@thorough(ordinary=60, deep=1000)
@given(pointwise_calls())
def test_without_it_nothing_differs(case: tuple[Conv2dParams, int]) -> None:
    params, offset = case
    call = bound(params, offset=offset)
    np.testing.assert_array_equal(output_of(EspBackend().conv2d, call), slow_pointwise(call, skips=False))


@thorough(ordinary=150, deep=2000)
@given(calls_of("conv2d"))
def test_any_other_convolution_is_exact(params: Conv2dParams) -> None:
    assert params.input_shape[3] % 8 or params.weights_shape[1:3] != (1, 1) or params.groups > 1
    exact = output_of(RefBackend().conv2d, bound(params))
    np.testing.assert_array_equal(output_of(EspBackend(skip_nudge=True, faults="ignore").conv2d, bound(params)), exact)


def large_call() -> Conv2dParams:
    random = np.random.default_rng(0)
    image = placed(random.integers(-128, 128, (1, 31, 37, 32), np.int8))
    weights = random.integers(-128, 128, (16, 1, 1, 32), np.int8)
    return plain_conv2d(image, weights, bias=random.integers(-999, 999, 16).tolist(), scale=0.0021)


def test_outputs_differ_by_one_at_most_and_only_in_whole_groups_of_eight_pixels() -> None:
    exact = output_of(RefBackend().conv2d, bound(large_call())).reshape(-1, 16).astype(int)
    skipped = output_of(EspBackend(skip_nudge=True).conv2d, bound(large_call())).reshape(-1, 16).astype(int)
    differences = exact - skipped
    eligible = 31 * 37 // 8 * 8
    assert set(np.unique(differences).tolist()) == {0, 1}
    assert 0.0005 < (differences[:eligible] != 0).mean() < 0.05
    assert not differences[eligible:].any()


@pytest.mark.parametrize(
    "change",
    [{"stride_w": 2, "output_shape": (1, 31, 19, 16)}, {"stride_h": 3, "output_shape": (1, 11, 37, 16)}],
    ids=["stride_w", "stride_h"],
)
def test_a_stride_takes_another_kernel(change: dict[str, Any]) -> None:
    params = large_call()
    for name, value in change.items():
        setattr(params, name, value)
    params.output = np.empty(params.output_shape, np.int8)
    exact = output_of(RefBackend().conv2d, bound(params))
    np.testing.assert_array_equal(output_of(EspBackend(skip_nudge=True).conv2d, bound(params)), exact)


def test_a_grouped_convolution_is_exact() -> None:
    params = large_call()
    params.weights = np.ascontiguousarray(params.weights[..., :16])
    params.weights_shape = (16, 1, 1, 16)
    exact = output_of(RefBackend().conv2d, bound(params))
    backend = EspBackend(skip_nudge=True, faults="ignore")
    np.testing.assert_array_equal(output_of(backend.conv2d, bound(params)), exact)


def test_inputs_may_change_between_runs_of_a_prepared_call() -> None:
    call = bound(large_call())
    call.cache = {}
    backend = EspBackend(skip_nudge=True)
    backend.conv2d(call)
    call.input[...] = ~call.input
    prepared = output_of(backend.conv2d, call).copy()
    call.cache = None
    np.testing.assert_array_equal(output_of(backend.conv2d, call), prepared)


def test_backends_of_other_builds_share_a_cache_unharmed() -> None:
    params = large_call()
    params.input_quant = type(params.input_quant)(3.0, 0)  # so that scales computed anew are others
    backends = [EspBackend(), EspBackend(skip_nudge=True), EspBackend(effective_scales="float32"), RefBackend()]
    expected = [output_of(backend.conv2d, bound(params)) for backend in backends]
    assert len({result.tobytes() for result in expected}) == 3
    call = bound(params)
    call.cache = {}
    for backend, result in zip(backends * 2, expected * 2, strict=True):
        np.testing.assert_array_equal(output_of(backend.conv2d, call), result)


def test_an_activation_that_is_no_clamp_is_refused_before_anything_is_written() -> None:
    call = bound(large_call())
    call.fused_activation = FusedActivation.TANH
    with pytest.raises(UnsupportedActivation):
        EspBackend(skip_nudge=True).conv2d(call)
    assert (call.output == 77).all()


def test_the_p4_has_none() -> None:
    with pytest.raises(ValueError, match="ESP32-S3's kernels only"):
        EspBackend("esp32p4", skip_nudge=True)
    with pytest.raises(ValueError, match="ESP32-S3's kernels only"):
        EspP4Backend(skip_nudge=True)


def test_the_digits_model_shows_it() -> None:
    @ember_model("../../models/digits.tflite")
    class Digits(QuantizedModel): ...

    images = np.random.default_rng(0).integers(-128, 128, (200, *Digits.input_shape()[1:]), np.int8)
    exact = Digits.predict_batch(EspBackend(faults="ignore"), images)
    np.testing.assert_array_equal(exact, Digits.predict_batch(RefBackend(), images))
    skipped = Digits.predict_batch(EspBackend(faults="ignore", skip_nudge=True), images)
    changed = (exact != skipped).any(axis=1)
    assert 0 < changed.sum() < 200


# Effective scales


def test_float32_scales_are_rounded_at_each_step() -> None:
    params = large_call()
    quant = params.input_quant
    params.input_quant = type(quant)(float(np.float32(0.1)), 0)
    params.output_quant = type(quant)(float(np.float32(0.3)), 0)
    weight_scale = np.float32(params.weights_quant.scales[0])  # type: ignore[union-attr]
    scale = float(np.float32(np.float32(np.float32(0.1) * weight_scale) / np.float32(0.3)))
    mantissa, exponent = np.frexp(scale)
    expected = copy.copy(params)
    expected.output_multiplier = np.full(16, int(mantissa * 2**31), np.int32)  # 24 bits: nothing to round
    expected.output_shift = np.full(16, int(exponent), np.int32)
    exact = output_of(RefBackend().conv2d, bound(expected))
    backend = EspBackend(effective_scales="float32")
    np.testing.assert_array_equal(output_of(backend.conv2d, bound(params)), exact)
    prepared = bound(params)
    prepared.cache = {}
    for _ in range(2):
        np.testing.assert_array_equal(output_of(backend.conv2d, prepared), exact)
