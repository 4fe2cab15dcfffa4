"""Random operator calls, and what they are to give straight from the definition: slow, in exact integers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from ember_infer_core import (
    Conv2dParams,
    DepthwiseConv2dParams,
    ElementwiseAddParams,
    FullyConnectedParams,
    FusedActivation,
    MulParams,
    Padding,
    PerChannelQuantParam,
    PoolParams,
    QuantParam,
    SoftmaxParams,
    compute_padding,
)
from ember_infer_core.fixed_point import (
    multiply_by_quantized_multiplier,
    multiply_by_quantized_multiplier_single_rounding,
    wrap_int32,
)
from ember_infer_core.ops.common import OperatorParams
from ember_infer_core.quantization import (
    calculate_activation_range_quantized,
    calculate_input_radius,
    preprocess_softmax_scaling,
    quantize_multiplier_smaller_than_one_exp,
    quantize_multipliers,
)
from ember_infer_ref.requantize import Rounding

Int8Array: TypeAlias = npt.NDArray[np.int8]
Int64Array: TypeAlias = npt.NDArray[np.int64]
Scaled: TypeAlias = Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

ROUNDINGS: tuple[Rounding, ...] = ("double", "single", "float")
_CLAMPS = (FusedActivation.NONE, FusedActivation.RELU, FusedActivation.RELU6, FusedActivation.RELU_N1_TO_1)


class CaseDrawer:
    """Draws what shrinks well (shapes, attributes) from hypothesis, and contents from a generator with a drawn seed."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.random = np.random.default_rng(self.integer(0, 2**32 - 1))

    def integer(self, low: int, high: int) -> int:
        value: int = self._draw(st.integers(low, high))
        return value

    def one_of(self, *choices: Any) -> Any:
        return self._draw(st.sampled_from(choices))

    def int8(self, *shape: int) -> Int8Array:
        return self.random.integers(-128, 128, shape, np.int8)

    def weights(self, *shape: int) -> Int8Array:
        constant = self.one_of(None, None, None, -128, 127, 0)
        return self.int8(*shape) if constant is None else np.full(shape, constant, np.int8)

    def zero_point(self) -> int:
        drawn = self.one_of(-128, 0, 127, None)
        return self.integer(-128, 127) if drawn is None else int(drawn)

    def bias(self, channels: int) -> npt.NDArray[np.int32] | None:
        limit = self.one_of(None, 500, 500, 2**16, 2**31 - 1)
        return None if limit is None else self.random.integers(-limit, limit, channels, np.int32)

    def quantisation(self, channels: int, summands: int) -> dict[str, Any]:
        """The fields that say how sums of so many products become int8."""
        input_quant, output_zero_point = QuantParam(1.0, self.zero_point()), self.zero_point()
        spread = 70.0 * np.sqrt(summands)  # of the sums, over about the range of int8
        exponents = self.random.uniform(-1.5, 1.5, channels) + self.one_of(0.0, 0.0, 0.0, 8.0, -12.0, -40.0)
        scales = tuple(float(np.float32(2.0**exponent / spread)) for exponent in exponents)
        per_channel = PerChannelQuantParam(scales, (0,) * channels, 0)
        output_quant = QuantParam(1.0, output_zero_point)
        activation = self.one_of(*_CLAMPS)
        multiplier, shift = quantize_multipliers(scales)
        low, high = calculate_activation_range_quantized(activation, output_quant)
        return {
            "fused_activation": activation,
            "input_quant": input_quant,
            "weights_quant": per_channel,
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
        kernel = self.integer(1, 4), self.integer(1, 4)
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
    drawer = CaseDrawer(draw)
    batches, height, width = drawer.integer(1, 2), drawer.integer(1, 7), drawer.integer(1, 7)
    groups, depth, filters = drawer.one_of(1, 1, 2, 3), drawer.integer(1, 6), drawer.integer(1, 4)
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


def plain_conv2d(
    input: Int8Array, weights: Int8Array, bias: list[int] | None = None, scale: float = 1.0, **changes: Any
) -> Conv2dParams:
    """An unpadded convolution with zero points 0 and one scale for all, with these fields changed."""
    batches, height, width, _ = input.shape
    channels, kernel_height, kernel_width, _ = weights.shape
    output_shape = (batches, height - kernel_height + 1, width - kernel_width + 1, channels)
    multiplier, shift = quantize_multipliers([scale] * channels)
    fields: dict[str, Any] = {
        "input_shape": input.shape,
        "weights_shape": weights.shape,
        "output_shape": output_shape,
        "padding": Padding.VALID,
        "pad_h": 0,
        "pad_w": 0,
        "input_quant": QuantParam(1.0, 0),
        "weights_quant": PerChannelQuantParam((float(np.float32(scale)),) * channels, (0,) * channels, 0),
        "output_quant": QuantParam(1.0, 0),
        "input_offset": 0,
        "output_offset": 0,
        "output_multiplier": multiplier,
        "output_shift": shift,
        "activation_min": -128,
        "activation_max": 127,
        "input": input,
        "weights": weights,
        "bias": None if bias is None else np.array(bias, np.int32),
        "output": np.full(output_shape, 77, np.int8),
    }
    return Conv2dParams(**(fields | changes))


@st.composite
def depthwise_conv2d_calls(draw: Draw) -> DepthwiseConv2dParams:
    drawer = CaseDrawer(draw)
    batches, height, width = drawer.integer(1, 2), drawer.integer(1, 7), drawer.integer(1, 7)
    channels, multiplier = drawer.integer(1, 5), drawer.one_of(1, 1, 2, 3)
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
        **drawer.quantisation(channels_out, kernel[0] * kernel[1]),
    )


@st.composite
def fully_connected_calls(draw: Draw) -> FullyConnectedParams:
    drawer = CaseDrawer(draw)
    batches, input_depth, output_depth = drawer.integer(1, 4), drawer.integer(1, 40), drawer.integer(1, 12)
    return FullyConnectedParams(
        input_shape=(batches, input_depth),
        weights_shape=(output_depth, input_depth),
        output_shape=(batches, output_depth),
        weights_offset=drawer.one_of(0, 0, 5, 128, -127),
        input=drawer.int8(batches, input_depth),
        weights=drawer.weights(output_depth, input_depth),
        bias=drawer.bias(output_depth),
        output=np.empty((batches, output_depth), np.int8),
        **drawer.quantisation(output_depth, input_depth),
    )


@st.composite
def pool_calls(draw: Draw) -> PoolParams:
    drawer = CaseDrawer(draw)
    batches, height, width, channels = (drawer.integer(1, high) for high in (2, 8, 8, 5))
    window = drawer.window(height, width, dilations=(1,))
    kernel, output = window.pop("kernel"), window.pop("output")
    del window["dilation_h_factor"], window["dilation_w_factor"]
    quant = QuantParam(drawer.one_of(0.05, 1.0), drawer.zero_point())
    activation = drawer.one_of(*_CLAMPS)
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
    ((), (3,)),
    ((), ()),
)


@st.composite
def add_calls(draw: Draw) -> ElementwiseAddParams:
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
    activation = drawer.one_of(*_CLAMPS)
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
    drawer = CaseDrawer(draw)
    shape1, shape2 = drawer.one_of(*_BROADCASTS)
    output_shape = np.broadcast_shapes(shape1, shape2)
    quants = [QuantParam(1.0, drawer.zero_point()) for _ in range(3)]
    real = 2.0 ** drawer.integer(-12, 2) * drawer.one_of(1.0, 1.3)
    multiplier, shift = quantize_multipliers([real])
    activation = drawer.one_of(*_CLAMPS)
    low, high = calculate_activation_range_quantized(activation, quants[2])
    return MulParams(
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
        output_multiplier=int(multiplier[0]),
        output_shift=int(shift[0]),
        activation_min=low,
        activation_max=high,
        input1=drawer.int8(*shape1),
        input2=drawer.int8(*shape2),
        output=np.empty(output_shape, np.int8),
    )


def result_of(method: Callable[[Any], None], params: Any, runs: int = 0) -> Int8Array:
    """The output of a single call, or of the last of several runs of a prepared one, on a copy of the parameters."""
    call = copy.copy(params)
    call.output = np.full_like(params.output, 77)
    call.cache = {} if runs else None
    for _ in range(max(runs, 1)):
        method(call)
    return call.output  # type: ignore[no-any-return]


def refill(params: OperatorParams, random: np.random.Generator) -> None:
    """New content for the inputs, in place."""
    for name in ("input", "input1", "input2"):
        array = getattr(params, name, None)
        if array is not None:
            array[...] = random.integers(-128, 128, array.shape, np.int8)


def taps(params: Any, kernel: tuple[int, int], y: int, x: int) -> list[tuple[int, int, int, int]]:
    """``(row tap, column tap, row, column)`` of a window's taps that fall into the image, for one output."""
    _, height, width, _ = params.input_shape
    dilation_h, dilation_w = getattr(params, "dilation_h_factor", 1), getattr(params, "dilation_w_factor", 1)
    places = [
        (i, j, y * params.stride_h - params.pad_h + i * dilation_h, x * params.stride_w - params.pad_w + j * dilation_w)
        for i in range(kernel[0])
        for j in range(kernel[1])
    ]
    return [(i, j, row, column) for i, j, row, column in places if 0 <= row < height and 0 <= column < width]


def requantized(params: Scaled, sums: Int64Array, rounding: Rounding) -> Int8Array:
    """Accumulators to int8 in one of the dialects, by the arithmetic that :mod:`ember_infer_core` defines."""
    wrapped = wrap_int32(sums + (0 if params.bias is None else params.bias))
    if rounding == "float":
        assert isinstance(params.weights_quant, PerChannelQuantParam)
        scales = np.float32(params.input_quant.scale) * np.array(params.weights_quant.scales, np.float32)
        real = wrapped.astype(np.float32) * (scales / np.float32(params.output_quant.scale))
        scaled = np.rint(real.astype(np.float64)).astype(np.int64)
    elif rounding == "single":
        scaled = multiply_by_quantized_multiplier_single_rounding(
            wrapped, params.output_multiplier, params.output_shift
        )
    else:
        scaled = multiply_by_quantized_multiplier(wrapped, params.output_multiplier, params.output_shift)
    offset = scaled + params.output_offset
    if rounding != "float":
        offset = wrap_int32(offset)
    clamped: Int64Array = np.clip(offset, params.activation_min, params.activation_max)
    return clamped.astype(np.int8)
