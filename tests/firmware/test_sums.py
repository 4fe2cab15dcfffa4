"""Convolutions and fully connected layers of firmware: what their constants' layout sets apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ember_infer_core import KernelBackend, KernelError
from ember_infer_core.activation import FusedActivation
from ember_infer_core.ops import conv2d, depthwise_conv2d, fully_connected
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.ops.windows import Padding
from ember_infer_core.quantization import PerChannelQuantParam, QuantParam
from ember_infer_core.single_call import program_of_call
from ember_infer_core.slots import Int8Array, Int32Array, Shape4
from ember_infer_firmware import FirmwareBackend
from ember_infer_firmware.plan import plan_program
from ember_infer_ref import RefBackend

INPUT = QuantParam(0.5, -7)
LARGEST = 2**31 - 1


def drawn(*shape: int) -> Int8Array:
    return np.random.default_rng(shape[-1]).integers(-127, 128, shape).astype(np.int8)


def convolution(
    input_shape: Shape4,
    weights_shape: Shape4,
    scales: Sequence[float],
    bias: Sequence[int] = (),
    activation: FusedActivation = FusedActivation.NONE,
) -> Conv2dParams:
    batches, rows, columns, _ = input_shape
    params = conv2d.prepare(
        input_shape=input_shape,
        weights_shape=weights_shape,
        output_shape=(batches, rows, columns, weights_shape[0]),
        input_quant=INPUT,
        weights_quant=PerChannelQuantParam(tuple(scales), (0,) * len(scales), 0),
        output_quant=QuantParam(1.0, 3),
        padding=Padding.SAME,
        fused_activation=activation,
    )
    params.input, params.weights = drawn(*input_shape), drawn(*weights_shape)
    params.bias = np.array(bias or range(-weights_shape[0], 0), np.int32)
    return params


def depthwise(columns: int, channels: int, taps: int) -> DepthwiseConv2dParams:
    params = depthwise_conv2d.prepare(
        input_shape=(1, 1, columns, channels),
        weights_shape=(1, 1, taps, channels),
        output_shape=(1, 1, columns, channels),
        input_quant=INPUT,
        weights_quant=QuantParam(0.01, 0),
        output_quant=QuantParam(1.0, 3),
        padding=Padding.SAME,
    )
    params.input, params.weights = drawn(*params.input_shape), drawn(*params.weights_shape)
    return params


def dense(
    depth: int,
    outputs: int,
    scale: float,
    bias: Int32Array | None = None,
    zero_point: int = 0,
    output_zero_point: int = 3,
) -> FullyConnectedParams:
    params = fully_connected.prepare(
        input_shape=(3, depth),
        weights_shape=(outputs, depth),
        output_shape=(3, outputs),
        input_quant=INPUT,
        weights_quant=QuantParam(scale, zero_point),
        output_quant=QuantParam(1.0, output_zero_point),
    )
    params.input, params.weights, params.bias = drawn(3, depth), drawn(outputs, depth), bias
    return params


def result(backend: KernelBackend, params: Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams) -> Int8Array:
    params.output = np.zeros(params.output_shape, np.int8)
    match params:
        case Conv2dParams():
            backend.conv2d(params)
        case DepthwiseConv2dParams():
            backend.depthwise_conv2d(params)
        case FullyConnectedParams():
            backend.fully_connected(params)
    return params.output


@pytest.mark.parametrize("outputs", range(1, 10))
def test_any_number_of_outputs_is_exact(firmware: FirmwareBackend, outputs: int) -> None:
    for params in (
        convolution((2, 3, 5, 3), (outputs, 1, 1, 3), [0.01] * outputs),
        convolution((2, 3, 5, 3), (outputs, 3, 2, 3), [0.01] * outputs),
        convolution((1, 3, 4, 6), (3 * outputs, 3, 3, 2), [0.01] * 3 * outputs),
        depthwise(7, outputs, 3),
        dense(5, outputs, 0.01),
    ):
        np.testing.assert_array_equal(result(firmware, params), result(RefBackend(), params))


def test_channels_are_scaled_by_any_shift(firmware: FirmwareBackend) -> None:
    """To the right by an instruction or two, to the left, not at all, and so far that nothing is left."""
    scales = [2.0**exponent * 1.37 for exponent in range(-33, 12)]
    params = convolution((1, 2, 2, 4), (len(scales), 1, 1, 4), scales)
    np.testing.assert_array_equal(result(firmware, params), result(RefBackend(), params))


@pytest.mark.parametrize("zero_point", [0, 5])
@pytest.mark.parametrize("scale", [0.003, 1.9, 9.0])
def test_fully_connected_layers_are_scaled_by_any_shift(
    firmware: FirmwareBackend, scale: float, zero_point: int
) -> None:
    params = dense(9, 6, scale, np.arange(-3, 3, dtype=np.int32), zero_point)
    np.testing.assert_array_equal(result(firmware, params), result(RefBackend(), params))


def test_sums_that_need_all_bits_are_exact(firmware: FirmwareBackend) -> None:
    biases = [LARGEST, -LARGEST - 1, 2**30, 2**30 - 1, -(2**30), 2**29]
    for params in (
        convolution((1, 2, 2, 2), (len(biases), 1, 1, 2), [1e-7] * len(biases), biases),
        dense(2, len(biases), 1e-7, np.array(biases, np.int32)),
    ):
        np.testing.assert_array_equal(result(firmware, params), result(RefBackend(), params))


@pytest.mark.parametrize("weights_zero_point", [0, 3])
@pytest.mark.parametrize("zero_point", [-128, 0, 127])
def test_a_zero_point_is_added_to_any_int32_as_tflm_adds_it(
    firmware: FirmwareBackend, zero_point: int, weights_zero_point: int
) -> None:
    """What is scaled by almost 1 may be so large that the sum wraps, or only just does not."""
    biases = np.array([LARGEST, LARGEST - 127, LARGEST - 300, -LARGEST - 1, 127 - LARGEST], np.int32)
    params = dense(2, len(biases), 1.9999999, biases, weights_zero_point, output_zero_point=zero_point)
    params.input[:] = INPUT.zero_point
    np.testing.assert_array_equal(result(firmware, params), result(RefBackend(), params))


def test_a_depthwise_window_may_be_longer_than_a_byte_counts(firmware: FirmwareBackend) -> None:
    params = depthwise(400, 5, 300)
    np.testing.assert_array_equal(result(firmware, params), result(RefBackend(), params))


def test_a_side_of_more_than_16_bits_is_refused_by_name(firmware: FirmwareBackend) -> None:
    params = depthwise(2**16, 4, 3)
    with pytest.raises(KernelError, match="input columns of 65536: firmware has kernels for up to 65535"):
        result(firmware, params)


@pytest.mark.parametrize(
    ("activation", "steps"), [(FusedActivation.NONE, 1), (FusedActivation.RELU, 2), (FusedActivation.RELU6, 2)]
)
def test_a_clamp_is_a_step_of_its_own_where_it_narrows_int8(
    firmware: FirmwareBackend, activation: FusedActivation, steps: int
) -> None:
    params = convolution((1, 4, 4, 3), (5, 3, 3, 3), [0.3] * 5, activation=activation)
    np.testing.assert_array_equal(result(firmware, params), result(RefBackend(), params))
    plan = plan_program(program_of_call("conv2d", params), "model", "reference")
    assert len(tuple(plan.steps())) == steps


def test_what_all_channels_share_is_there_once() -> None:
    params = dense(9, 6, 0.003)
    [step] = plan_program(program_of_call("fully_connected", params), "model", "reference").steps()
    assert isinstance(step.fields["multiplier"], int)
