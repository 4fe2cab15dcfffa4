"""Random calls of every operator, for hypothesis: all attributes vary, and failures shrink to small shapes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ember_infer_core.activation import CLAMPS
from ember_infer_core.ops.add import ElementwiseAddParams
from ember_infer_core.ops.common import Padding, compute_padding
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.ops.mul import MulParams
from ember_infer_core.ops.pool import PoolParams
from ember_infer_core.ops.reshape import ReshapeParams
from ember_infer_core.ops.softmax import SoftmaxParams
from ember_infer_core.quantization import (
    AnyQuantParam,
    PerChannelQuantParam,
    QuantParam,
    calculate_activation_range_quantized,
    calculate_input_radius,
    preprocess_softmax_scaling,
    quantize_multiplier_smaller_than_one_exp,
    quantize_multipliers,
)
from ember_infer_core.slots import Int8Array, Int32Array

__all__ = [
    "CALLS",
    "CaseDrawer",
    "add_calls",
    "conv2d_calls",
    "depthwise_conv2d_calls",
    "drawn",
    "fully_connected_calls",
    "mul_calls",
    "pool_calls",
    "reshape_calls",
    "softmax_calls",
]

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

_VECTOR_DEPTHS = (4, 7, 8, 9, 15, 16, 17, 24, 32, 33)  # where vector code changes its way


class CaseDrawer:
    """Draws what shrinks well (shapes, attributes) from hypothesis, and contents from a generator with a drawn seed."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.random: np.random.Generator = np.random.default_rng(self.integer(0, 2**32 - 1))

    def integer(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        value: int = self._draw(st.integers(low, high))
        return value

    def one_of(self, *choices: Any) -> Any:
        """One of these; the first is the simplest."""
        return self._draw(st.sampled_from(choices))

    def depth(self, high: int) -> int:
        """A number of channels: small, or about a vector's length."""
        vector = self.one_of(None, None, None, *_VECTOR_DEPTHS)
        return self.integer(1, high) if vector is None else int(vector)

    def int8(self, *shape: int) -> Int8Array:
        """Random content."""
        return self.random.integers(-128, 128, shape, np.int8)

    def weights(self, *shape: int) -> Int8Array:
        """Random weights, or all alike and extreme."""
        constant = self.one_of(None, None, None, -128, 127, 0)
        return self.int8(*shape) if constant is None else np.full(shape, constant, np.int8)

    def zero_point(self) -> int:
        """Any zero point, the ends often."""
        drawn = self.one_of(-128, 0, 127, None)
        return self.integer(-128, 127) if drawn is None else int(drawn)

    def bias(self, channels: int) -> Int32Array | None:
        """No bias, an ordinary one, or one that reaches the edge of int32."""
        limit = self.one_of(None, 500, 500, 2**16, 2**31 - 1)
        return None if limit is None else self.random.integers(-limit, limit, channels, np.int32)

    def quantisation(self, channels: int, summands: int, dimension: int = 0, one_scale: bool = False) -> dict[str, Any]:
        """The fields that say how sums of so many products become int8.

        Args:
            channels: of the output.
            summands: products in each sum.
            dimension: of the weights, along which their scales go.
            one_scale: the same scale for all weights.
        """
        input_quant, output_zero_point = QuantParam(1.0, self.zero_point()), self.zero_point()
        spread = 70.0 * np.sqrt(summands)  # of the sums, over about the range of int8
        exponents = self.random.uniform(-1.5, 1.5, channels) + self.one_of(0.0, 0.0, 0.0, 8.0, -12.0, -40.0)
        if self.one_of(False, False, True):
            exponents = np.rint(exponents - np.log2(spread)) + np.log2(spread)  # powers of two make ties common
        scales = tuple(float(np.float32(2.0**exponent / spread)) for exponent in exponents)
        weights_quant: AnyQuantParam = PerChannelQuantParam(scales, (0,) * channels, dimension)
        if one_scale:
            scales = scales[:1] * channels
            weights_quant = QuantParam(scales[0], 0)
        output_quant = QuantParam(1.0, output_zero_point)
        activation = self.one_of(*CLAMPS)
        multiplier, shift = quantize_multipliers(scales)
        low, high = calculate_activation_range_quantized(activation, output_quant)
        return {
            "fused_activation": activation,
            "input_quant": input_quant,
            "weights_quant": weights_quant,
            "output_quant": output_quant,
            "input_offset": -input_quant.zero_point,
            "output_offset": output_zero_point,
            "output_multiplier": multiplier,
            "output_shift": shift,
            "activation_min": low,
            "activation_max": high,
        }

    def window(self, height: int, width: int, dilations: tuple[int, ...] = (1, 1, 2)) -> dict[str, Any]:
        """Sizes and places of a sliding window over an image, as the parameters of convolutions name them."""
        kernel = self.one_of(self.integer(1, 4), 3), self.one_of(self.integer(1, 4), 3)
        stride = self.integer(1, 3), self.integer(1, 3)
        dilation = self.one_of(*dilations), self.one_of(*dilations)
        fits = all((k - 1) * d < size for k, d, size in zip(kernel, dilation, (height, width), strict=True))
        padding = self.one_of(Padding.SAME, Padding.VALID) if fits else Padding.SAME
        output_height, pad_h = compute_padding(padding, height, kernel[0], stride[0], dilation[0])
        output_width, pad_w = compute_padding(padding, width, kernel[1], stride[1], dilation[1])
        return {
            "kernel": kernel,
            "output": (output_height, output_width),
            "padding": padding,
            "pad_h": pad_h,
            "pad_w": pad_w,
            "stride_h": stride[0],
            "stride_w": stride[1],
            "dilation_h_factor": dilation[0],
            "dilation_w_factor": dilation[1],
        }


@st.composite
def conv2d_calls(draw: Draw) -> Conv2dParams:
    """CONV_2D."""
    drawer = CaseDrawer(draw)
    batches, height, width = drawer.integer(1, 2), drawer.integer(1, 9), drawer.integer(1, 9)
    groups, depth, filters = drawer.one_of(1, 1, 2, 3), drawer.depth(6), drawer.depth(4)
    window = drawer.window(height, width)
    kernel, output = window.pop("kernel"), window.pop("output")
    channels_in, channels_out = groups * depth, groups * filters
    return Conv2dParams(
        input_shape=(batches, height, width, channels_in),
        weights_shape=(channels_out, *kernel, depth),
        output_shape=(batches, *output, channels_out),
        input=drawer.int8(batches, height, width, channels_in),
        weights=drawer.weights(channels_out, *kernel, depth),
        bias=drawer.bias(channels_out),
        output=np.empty((batches, *output, channels_out), np.int8),
        **window,
        **drawer.quantisation(channels_out, kernel[0] * kernel[1] * depth),
    )


@st.composite
def depthwise_conv2d_calls(draw: Draw) -> DepthwiseConv2dParams:
    """DEPTHWISE_CONV_2D."""
    drawer = CaseDrawer(draw)
    batches, height, width = drawer.integer(1, 2), drawer.integer(1, 9), drawer.integer(1, 9)
    channels, multiplier = drawer.depth(5), drawer.one_of(1, 1, 2, 3, 4)
    window = drawer.window(height, width)
    kernel, output = window.pop("kernel"), window.pop("output")
    channels_out = channels * multiplier
    return DepthwiseConv2dParams(
        input_shape=(batches, height, width, channels),
        weights_shape=(1, *kernel, channels_out),
        output_shape=(batches, *output, channels_out),
        depth_multiplier=multiplier,
        input=drawer.int8(batches, height, width, channels),
        weights=drawer.weights(1, *kernel, channels_out),
        bias=drawer.bias(channels_out),
        output=np.empty((batches, *output, channels_out), np.int8),
        **window,
        **drawer.quantisation(channels_out, kernel[0] * kernel[1], dimension=3),
    )


@st.composite
def fully_connected_calls(draw: Draw) -> FullyConnectedParams:
    """FULLY_CONNECTED; where the scale is one for all weights, they may have a zero point."""
    drawer = CaseDrawer(draw)
    batches, input_depth, output_depth = drawer.integer(1, 4), drawer.integer(1, 40), drawer.integer(1, 12)
    one_scale = drawer.one_of(False, True)
    weights_offset = drawer.one_of(0, 0, 5, 128, -127) if one_scale else 0
    quantisation = drawer.quantisation(output_depth, input_depth, one_scale=one_scale)
    if one_scale:
        quantisation["weights_quant"] = QuantParam(quantisation["weights_quant"].scale, -weights_offset)
    return FullyConnectedParams(
        input_shape=(batches, input_depth),
        weights_shape=(output_depth, input_depth),
        output_shape=(batches, output_depth),
        weights_offset=weights_offset,
        input=drawer.int8(batches, input_depth),
        weights=drawer.weights(output_depth, input_depth),
        bias=drawer.bias(output_depth),
        output=np.empty((batches, output_depth), np.int8),
        **quantisation,
    )


@st.composite
def pool_calls(draw: Draw) -> PoolParams:
    """AVERAGE_POOL_2D and MAX_POOL_2D."""
    drawer = CaseDrawer(draw)
    batches, height, width, channels = *(drawer.integer(1, high) for high in (2, 8, 8)), drawer.depth(5)
    window = drawer.window(height, width, dilations=(1,))
    kernel, output = window.pop("kernel"), window.pop("output")
    del window["dilation_h_factor"], window["dilation_w_factor"]
    quant = QuantParam(drawer.one_of(0.05, 1.0), drawer.zero_point())
    activation = drawer.one_of(*CLAMPS)
    low, high = calculate_activation_range_quantized(activation, quant)
    return PoolParams(
        input_shape=(batches, height, width, channels),
        output_shape=(batches, *output, channels),
        filter_height=kernel[0],
        filter_width=kernel[1],
        fused_activation=activation,
        input_quant=quant,
        output_quant=quant,
        activation_min=low,
        activation_max=high,
        input=drawer.int8(batches, height, width, channels),
        output=np.empty((batches, *output, channels), np.int8),
        **window,
    )


@st.composite
def softmax_calls(draw: Draw) -> SoftmaxParams:
    """SOFTMAX."""
    drawer = CaseDrawer(draw)
    shape = drawer.one_of((1, 2), (1, 10), (3, 40), (2, 5, 3), (100,), (30, 7))
    beta, scale = drawer.one_of(1.0, 0.5), 2.0 ** drawer.integer(-20, 4) * drawer.one_of(1.0, 1.37)
    multiplier, left_shift = preprocess_softmax_scaling(beta, scale)
    values = drawer.int8(*shape)
    if drawer.one_of(False, True):
        values[...] = np.clip(values, -3, 3)
    return SoftmaxParams(
        input_shape=shape,
        output_shape=shape,
        beta=beta,
        input_quant=QuantParam(scale, 0),
        output_quant=QuantParam(1 / 256, -128),
        input_multiplier=multiplier,
        input_left_shift=left_shift,
        diff_min=-calculate_input_radius(5, left_shift),
        input=values,
        output=np.empty(shape, np.int8),
    )


_BROADCASTS = (
    ((2, 3, 4), (2, 3, 4)),
    ((2, 3, 4), (4,)),
    ((1,), (2, 5)),
    ((2, 1, 4), (3, 1)),
    ((1, 3, 3, 17), (1, 3, 3, 17)),
    ((1, 3, 3, 17), (1, 1, 1, 17)),
    ((), (3,)),
    ((), ()),
)


@st.composite
def add_calls(draw: Draw) -> ElementwiseAddParams:
    """ADD."""
    drawer = CaseDrawer(draw)
    shape1, shape2 = drawer.one_of(*_BROADCASTS)
    output_shape = np.broadcast_shapes(shape1, shape2)
    quants = [QuantParam(2.0 ** drawer.integer(-4, 0) * drawer.one_of(1.0, 1.7), drawer.zero_point()) for _ in range(3)]
    twice_max = 2 * max(quants[0].scale, quants[1].scale)
    output_real = twice_max / ((1 << 20) * quants[2].scale)
    (m1, s1), (m2, s2), (m3, s3) = (
        quantize_multiplier_smaller_than_one_exp(real)
        for real in (quants[0].scale / twice_max, quants[1].scale / twice_max, output_real)
    )
    activation = drawer.one_of(*CLAMPS)
    low, high = calculate_activation_range_quantized(activation, quants[2])
    return ElementwiseAddParams(
        input1_shape=shape1,
        input2_shape=shape2,
        output_shape=output_shape,
        fused_activation=activation,
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
        activation_min=low,
        activation_max=high,
        input1=drawer.int8(*shape1),
        input2=drawer.int8(*shape2),
        output=np.empty(output_shape, np.int8),
    )


@st.composite
def mul_calls(draw: Draw) -> MulParams:
    """MUL."""
    drawer = CaseDrawer(draw)
    shape1, shape2 = drawer.one_of(*_BROADCASTS)
    output_shape = np.broadcast_shapes(shape1, shape2)
    real = 2.0 ** drawer.integer(-12, 2) * drawer.one_of(1.0, 1.3)
    input_quants = [QuantParam(scale, drawer.zero_point()) for scale in (real, 1.0)]
    output_quant = QuantParam(1.0, drawer.zero_point())
    multiplier, shift = quantize_multipliers([real])
    activation = drawer.one_of(*CLAMPS)
    low, high = calculate_activation_range_quantized(activation, output_quant)
    return MulParams(
        input1_shape=shape1,
        input2_shape=shape2,
        output_shape=output_shape,
        fused_activation=activation,
        input1_quant=input_quants[0],
        input2_quant=input_quants[1],
        output_quant=output_quant,
        input1_offset=-input_quants[0].zero_point,
        input2_offset=-input_quants[1].zero_point,
        output_offset=output_quant.zero_point,
        output_multiplier=int(multiplier[0]),
        output_shift=int(shift[0]),
        activation_min=low,
        activation_max=high,
        input1=drawer.int8(*shape1),
        input2=drawer.int8(*shape2),
        output=np.empty(output_shape, np.int8),
    )


@st.composite
def reshape_calls(draw: Draw) -> ReshapeParams:
    """RESHAPE."""
    drawer = CaseDrawer(draw)
    before, after = drawer.one_of(((6,), (2, 3)), ((1, 4, 4, 3), (1, 48)), ((2, 5), (10,)), ((1,), ()))
    return ReshapeParams(
        input_shape=before, output_shape=after, input=drawer.int8(*before), output=np.empty(after, np.int8)
    )


# For each operator random calls of it.
CALLS: Mapping[str, Callable[[], st.SearchStrategy[Any]]] = {
    "conv2d": conv2d_calls,
    "depthwise_conv2d": depthwise_conv2d_calls,
    "fully_connected": fully_connected_calls,
    "avg_pool": pool_calls,
    "max_pool": pool_calls,
    "softmax": softmax_calls,
    "add": add_calls,
    "mul": mul_calls,
    "reshape": reshape_calls,
}


@functools.cache
def drawn(operator: str, count: int) -> tuple[Any, ...]:
    """So many random calls of an operator, always the same; whoever gets them leaves them as they are."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(CALLS[operator]())
    def collect(params: Any) -> None:
        found.append(params)

    collect()
    return tuple(found)
