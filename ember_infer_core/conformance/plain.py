"""Calls written by hand: contents and a few attributes given, everything else at its plainest and derived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ember_infer_core.ops.add import ElementwiseAddParams
from ember_infer_core.ops.common import Padding, compute_padding
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.ops.mul import MulParams
from ember_infer_core.ops.pool import PoolParams
from ember_infer_core.ops.softmax import SoftmaxParams
from ember_infer_core.quantization import (
    PerChannelQuantParam,
    QuantParam,
    calculate_input_radius,
    preprocess_softmax_scaling,
    quantize_multiplier_smaller_than_one_exp,
    quantize_multipliers,
)
from ember_infer_core.slots import Int8Array

__all__ = [
    "plain_add",
    "plain_conv2d",
    "plain_depthwise_conv2d",
    "plain_fully_connected",
    "plain_mul",
    "plain_pool",
    "plain_softmax",
]

_GARBAGE = 77


def plain_conv2d(
    input: Int8Array,
    weights: Int8Array,
    bias: Sequence[int] | None = None,
    scale: float | Sequence[float] = 1.0,
    **changes: Any,
) -> Conv2dParams:
    """A convolution with zero points 0, unpadded unless ``padding`` is SAME, with these fields changed."""
    batches, height, width, _ = input.shape
    channels, *kernel, _ = weights.shape
    window = _window((height, width), (kernel[0], kernel[1]), changes)
    output_shape = (batches, *window.pop("output"), channels)
    fields: dict[str, Any] = {
        "input_shape": input.shape,
        "weights_shape": weights.shape,
        "output_shape": output_shape,
        "input": input,
        "weights": weights,
        "output": np.full(output_shape, _GARBAGE, np.int8),
        **window,
        **_scaling(channels, bias, scale, 0),
    }
    return Conv2dParams(**_with_quants(fields | changes))


def plain_depthwise_conv2d(
    input: Int8Array,
    weights: Int8Array,
    bias: Sequence[int] | None = None,
    scale: float | Sequence[float] = 1.0,
    **changes: Any,
) -> DepthwiseConv2dParams:
    """A depthwise convolution with zero points 0, unpadded unless ``padding`` is SAME, with these fields changed."""
    batches, height, width, channels_in = input.shape
    _, *kernel, channels = weights.shape
    window = _window((height, width), (kernel[0], kernel[1]), changes)
    output_shape = (batches, *window.pop("output"), channels)
    fields: dict[str, Any] = {
        "input_shape": input.shape,
        "weights_shape": weights.shape,
        "output_shape": output_shape,
        "depth_multiplier": channels // channels_in,
        "input": input,
        "weights": weights,
        "output": np.full(output_shape, _GARBAGE, np.int8),
        **window,
        **_scaling(channels, bias, scale, 3),
    }
    return DepthwiseConv2dParams(**_with_quants(fields | changes))


def plain_fully_connected(
    input: Int8Array,
    weights: Int8Array,
    bias: Sequence[int] | None = None,
    scale: float | Sequence[float] = 1.0,
    **changes: Any,
) -> FullyConnectedParams:
    """A fully connected layer with zero points 0, with these fields changed."""
    output_shape = (len(input), len(weights))
    fields: dict[str, Any] = {
        "input_shape": input.shape,
        "weights_shape": weights.shape,
        "output_shape": output_shape,
        "input": input,
        "weights": weights,
        "output": np.full(output_shape, _GARBAGE, np.int8),
        **_scaling(len(weights), bias, scale, 0),
    }
    return FullyConnectedParams(**_with_quants(fields | changes))


def plain_pool(input: Int8Array, kernel: tuple[int, int], **changes: Any) -> PoolParams:
    """A pool, unpadded unless ``padding`` is SAME, with these fields changed."""
    batches, height, width, channels = input.shape
    window = _window((height, width), kernel, changes)
    output_shape = (batches, *window.pop("output"), channels)
    fields: dict[str, Any] = {
        "input_shape": input.shape,
        "output_shape": output_shape,
        "filter_height": kernel[0],
        "filter_width": kernel[1],
        "stride_h": 1,
        "stride_w": 1,
        "input_quant": QuantParam(1.0, 0),
        "output_quant": QuantParam(1.0, 0),
        "activation_min": -128,
        "activation_max": 127,
        "input": input,
        "output": np.full(output_shape, _GARBAGE, np.int8),
        **window,
    }
    return PoolParams(**(fields | changes))


def plain_softmax(input: Int8Array, scale: float, beta: float = 1.0) -> SoftmaxParams:
    """A softmax along the last axis."""
    multiplier, left_shift = preprocess_softmax_scaling(beta, scale)
    return SoftmaxParams(
        input_shape=input.shape,
        output_shape=input.shape,
        beta=beta,
        input_quant=QuantParam(scale, 0),
        output_quant=QuantParam(1 / 256, -128),
        input_multiplier=multiplier,
        input_left_shift=left_shift,
        diff_min=-calculate_input_radius(5, left_shift),
        input=input,
        output=np.full(input.shape, _GARBAGE, np.int8),
    )


def plain_add(
    input1: Int8Array, input2: Int8Array, quants: tuple[QuantParam, QuantParam, QuantParam]
) -> ElementwiseAddParams:
    """A sum of two tensors with these quantisations; the last is the output's."""
    output_shape = np.broadcast_shapes(input1.shape, input2.shape)
    twice_max = 2 * max(quants[0].scale, quants[1].scale)
    reals = quants[0].scale / twice_max, quants[1].scale / twice_max, twice_max / ((1 << 20) * quants[2].scale)
    (m1, s1), (m2, s2), (m3, s3) = (quantize_multiplier_smaller_than_one_exp(real) for real in reals)
    return ElementwiseAddParams(
        input1_shape=input1.shape,
        input2_shape=input2.shape,
        output_shape=output_shape,
        input1_quant=quants[0],
        input2_quant=quants[1],
        output_quant=quants[2],
        input1_offset=-quants[0].zero_point,
        input2_offset=-quants[1].zero_point,
        output_offset=quants[2].zero_point,
        left_shift=20,
        input1_multiplier=m1,
        input1_shift=s1,
        input2_multiplier=m2,
        input2_shift=s2,
        output_multiplier=m3,
        output_shift=s3,
        activation_min=-128,
        activation_max=127,
        input1=input1,
        input2=input2,
        output=np.full(output_shape, _GARBAGE, np.int8),
    )


def plain_mul(input1: Int8Array, input2: Int8Array, scale: float) -> MulParams:
    """A product of two tensors with zero points 0, times ``scale``."""
    output_shape = np.broadcast_shapes(input1.shape, input2.shape)
    multiplier, shift = quantize_multipliers([scale])
    return MulParams(
        input1_shape=input1.shape,
        input2_shape=input2.shape,
        output_shape=output_shape,
        input1_quant=QuantParam(scale, 0),
        input2_quant=QuantParam(1.0, 0),
        output_quant=QuantParam(1.0, 0),
        input1_offset=0,
        input2_offset=0,
        output_offset=0,
        output_multiplier=int(multiplier[0]),
        output_shift=int(shift[0]),
        activation_min=-128,
        activation_max=127,
        input1=input1,
        input2=input2,
        output=np.full(output_shape, _GARBAGE, np.int8),
    )


def _window(image: tuple[int, int], kernel: tuple[int, int], changes: dict[str, Any]) -> dict[str, Any]:
    """Padding and output size that follow from the attributes among ``changes``."""
    padding = changes.get("padding", Padding.VALID)
    strides = changes.get("stride_h", 1), changes.get("stride_w", 1)
    dilations = changes.get("dilation_h_factor", 1), changes.get("dilation_w_factor", 1)
    (output_height, pad_h), (output_width, pad_w) = (
        compute_padding(padding, *axis) for axis in zip(image, kernel, strides, dilations, strict=True)
    )
    return {"output": (output_height, output_width), "padding": padding, "pad_h": pad_h, "pad_w": pad_w}


def _scaling(
    channels: int, bias: Sequence[int] | None, scale: float | Sequence[float], dimension: int
) -> dict[str, Any]:
    """Fixed-point values of one scale for each channel."""
    given = [scale] * channels if isinstance(scale, (int, float)) else list(scale)
    scales = tuple(float(np.float32(one)) for one in given)
    multiplier, shift = quantize_multipliers(scales)
    return {
        "input_quant": QuantParam(1.0, 0),
        "weights_quant": PerChannelQuantParam(scales, (0,) * channels, dimension),
        "output_quant": QuantParam(1.0, 0),
        "input_offset": 0,
        "output_offset": 0,
        "output_multiplier": multiplier,
        "output_shift": shift,
        "activation_min": -128,
        "activation_max": 127,
        "bias": None if bias is None else np.array(bias, np.int32),
    }


def _with_quants(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, with quantisations whose zero points are those of the offsets."""
    zero_points = {"input_quant": -fields["input_offset"], "output_quant": fields["output_offset"]}
    quants = {name: QuantParam(fields[name].scale, zero_point) for name, zero_point in zero_points.items()}
    return fields | quants
