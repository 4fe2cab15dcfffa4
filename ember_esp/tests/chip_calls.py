"""Random calls of the operators that ESP-NN has kernels for, each with its form on the wire to a kernel server.

Sizes lean towards those at which the kernels choose another way: channels of multiples of 4, 8 and 16, filters of 1x1
and 3x3, windows around 16 bytes. Sums stay within int32, where the kernels promise nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from chip_server import Answer, ChipServer, Placed
from ember_infer_core import Padding, PerChannelQuantParam, QuantParam
from ember_infer_core.ops import add, conv2d, depthwise_conv2d, fully_connected, hard_swish, mean, mul, pool, softmax
from ember_infer_core.ops.windows import compute_padding
from ember_infer_core.quantization import quantize_multiplier
from esp_cases import memory, placed

__all__ = ["DRAWERS", "ChipCall", "draw"]

Value = TypeVar("Value")
Int8Array = npt.NDArray[np.int8]


@dataclass
class ChipCall:
    """A call as our kernels take it, and as a kernel server does.

    Attributes:
        method: of a backend.
        params: bound, but for the scratch.
        operator: its number in the server.
        integers: sizes and attributes, in the server's order.
        buffers: inputs and constants, in the server's order.
        output_offset: bytes from a multiple of 16 to the output.
        sizes: what the server's scratch-size function takes, if it has one for this operator.
    """

    method: str
    params: Any
    operator: int
    integers: Sequence[int]
    buffers: Sequence[Placed]
    output_offset: int = 0
    sizes: Sequence[int] | None = None

    @property
    def input_offset(self) -> int:
        return self.buffers[0].offset

    def on_chip(self, server: ChipServer, variant: int, scratch: int, seed: int = 1) -> Answer:
        """What the chip's kernel does with it."""
        length = self.params.output.size
        return server.run(
            self.operator, variant, self.integers, self.buffers, (length, self.output_offset), scratch, seed
        )


class Drawer:
    """Random values of a call."""

    def __init__(self, *seed: int) -> None:
        self.random = np.random.default_rng(list(seed))

    def integer(self, least: int, most: int) -> int:
        return int(self.random.integers(least, most + 1))

    def one_of(self, *choices: Value) -> Value:
        return choices[int(self.random.integers(len(choices)))]

    def happens(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def power(self, least: float, most: float) -> float:
        """A power of two, of any real exponent."""
        return float(2.0 ** self.random.uniform(least, most))

    def zero_point(self) -> int:
        return self.one_of(-128, 127, 0, self.integer(-128, 127), self.integer(-128, 127))

    def offset(self, share: float = 0.12) -> int:
        """Bytes from a multiple of 16: mostly none."""
        return self.one_of(1, 2, 4, 8, self.integer(1, 15)) if self.happens(share) else 0

    def int8(self, *shape: int) -> Int8Array:
        kind = self.random.random()
        if kind < 0.6:
            return self.random.integers(-128, 128, shape, np.int8)
        if kind < 0.75:
            return self.random.choice(np.array([-128, 127], np.int8), shape)
        if kind < 0.85:
            return np.full(shape, self.integer(-128, 127), np.int8)
        return self.random.integers(-4, 5, shape).astype(np.int8)

    def channels(self) -> int:
        kind = self.random.random()
        if kind < 0.3:
            return self.one_of(8, 16, 24, 32, 40, 48)
        return self.one_of(4, 12, 20, 28, 36) if kind < 0.45 else self.integer(1, 34)

    def clamp(self) -> tuple[int, int]:
        kind = self.random.random()
        if kind < 0.55:
            return -128, 127
        low, high = sorted((self.integer(-128, 127), self.integer(-128, 127)))
        return self.one_of((low, high), (low, high), (-128, -128), (127, 127), (-128, 0), (0, 127))

    def scales(self, channels: int, reach: int) -> list[float]:
        """Effective scales that keep a sum of this reach within int32 on its way: useful ones, ties and extremes."""
        kind, random = self.random.random(), self.random
        if kind < 0.5:
            found = 2.0 ** random.uniform(-2.5, 1.5, channels) * 100 / reach
        elif kind < 0.7:
            found = 2.0 ** random.integers(-16, 3, channels).astype(float)
        elif kind < 0.85:
            found = 2.0 ** random.uniform(-12, 5, channels)
        else:
            found = 2.0 ** random.uniform(-33, 12, channels)
        if self.happens(0.3):
            found = np.full(channels, found[0])
        most: npt.NDArray[np.float64] = np.minimum(found, 2.0**29.9 / (reach * 300))
        return [float(scale) for scale in most]

    def bias(self, channels: int, reach: int) -> npt.NDArray[np.int32] | None:
        return None if self.happens(0.2) else self.random.integers(-reach, reach, channels).astype(np.int32)


def _convolution(drawer: Drawer, depthwise: bool) -> ChipCall:
    batch = 1 if drawer.happens(0.9) else drawer.integer(2, 3)
    kind = drawer.random.random()
    if depthwise and drawer.happens(0.4):
        kernel = (3, 3)
    elif kind < 0.35:
        kernel = (1, 1)
    elif kind < 0.7:
        kernel = (3, 3)
    else:
        size = drawer.one_of(2, 4, 5, 7)
        kernel = drawer.one_of((size, size), (drawer.integer(1, 6), drawer.integer(1, 6)))
    stride = (1, 1) if drawer.happens(0.6) else (drawer.integer(1, 3), drawer.integer(1, 3))
    stride = (stride[1], stride[1]) if drawer.happens(0.3) else stride
    dilation = (drawer.integer(1, 2), drawer.integer(1, 3)) if drawer.happens(0.04) else (1, 1)
    padding = drawer.one_of(Padding.SAME, Padding.VALID)
    big = drawer.happens(0.03)
    image = [drawer.integer(24, 44) if big else drawer.integer(1, 14) for _ in range(2)]
    if padding is Padding.VALID:
        image = [max(size, (taps - 1) * gap + 1) for size, taps, gap in zip(image, kernel, dilation, strict=True)]
    channels, filters, depth, multiplier = _channels(drawer, depthwise)
    sizes, _ = zip(
        *(
            compute_padding(padding, size, taps, step, gap)
            for size, taps, step, gap in zip(image, kernel, stride, dilation, strict=True)
        ),
        strict=True,
    )
    input_shape, output_shape = (batch, *image, channels), (batch, *sizes, filters)
    weights_shape = (1, *kernel, filters) if depthwise else (filters, *kernel, depth)
    reach = kernel[0] * kernel[1] * 127 * (64 if depthwise else 16 * channels)
    quantised: dict[str, Any] = {
        "input_quant": QuantParam(1.0, drawer.zero_point()),
        "weights_quant": PerChannelQuantParam(
            tuple(drawer.scales(filters, reach)), (0,) * filters, 3 if depthwise else 0
        ),
        "output_quant": QuantParam(1.0, drawer.integer(-128, 127)),
    }
    if depthwise:
        quantised["depth_multiplier"] = multiplier
    prepare: Callable[..., Any] = depthwise_conv2d.prepare if depthwise else conv2d.prepare
    params = prepare(
        input_shape=input_shape,
        weights_shape=weights_shape,
        output_shape=output_shape,
        padding=padding,
        stride_h=stride[0],
        stride_w=stride[1],
        dilation_h_factor=dilation[0],
        dilation_w_factor=dilation[1],
        **quantised,
    )
    params.activation_min, params.activation_max = drawer.clamp()
    return wired_convolution(
        params,
        drawer.int8(*input_shape),
        drawer.int8(*weights_shape),
        drawer.bias(filters, reach),
        offsets=(drawer.offset(), drawer.one_of(0, 0, 0, drawer.integer(0, 15)), drawer.offset(0.08)),
    )


def _channels(drawer: Drawer, depthwise: bool) -> tuple[int, int, int, int]:
    """Channels in and out, depth of the weights, depth multiplier."""
    channels = drawer.channels()
    if not depthwise:
        filters = drawer.channels()
        groups = [count for count in range(2, channels + 1) if channels % count == 0]
        if groups and drawer.happens(0.03):
            count = drawer.one_of(*groups)
            return channels, count * drawer.integer(1, 4), channels // count, 1
        return channels, filters, channels, 1
    if drawer.happens(0.35):
        multiplier, channels = drawer.one_of(2, 3, 4, 5, 6, 7, 8, 12, 16), drawer.one_of(1, 2, 3, 4, 8)
        return channels, channels * multiplier, channels, multiplier
    if drawer.happens(0.15):
        channels = drawer.one_of(48, 64, 80, 96, 128, 272)
    return channels, channels, channels, 1


def wired_convolution(
    params: Any,
    image: Int8Array,
    weights: Int8Array,
    bias: npt.NDArray[np.int32] | None,
    offsets: tuple[int, int, int] = (0, 0, 0),
) -> ChipCall:
    """A convolution of these contents; the offsets are those of image, weights and output."""
    depthwise = isinstance(params, depthwise_conv2d.DepthwiseConv2dParams)
    at_input, at_weights, at_output = offsets
    batch, height, width, channels = params.input_shape
    _, filter_height, filter_width, depth = params.weights_shape
    _, output_height, output_width, filters = params.output_shape
    multiplier = filters // channels if depthwise else 1
    _bind(params, at_output, input=placed(image, at_input), weights=weights, bias=bias)
    common = [filter_height, filter_width, depth, output_height, output_width, filters]
    steps = [params.stride_h, params.stride_w, params.pad_h, params.pad_w]
    dilation = [params.dilation_h_factor, params.dilation_w_factor]
    limits = [params.input_offset, params.output_offset, params.activation_min, params.activation_max]
    return ChipCall(
        "depthwise_conv2d" if depthwise else "conv2d",
        params,
        2 if depthwise else 1,
        [batch, height, width, channels, *common, *steps, *dilation, *limits, multiplier],
        [
            Placed(image, at_input),
            Placed(weights, at_weights),
            Placed(bias),
            Placed(params.output_multiplier),
            Placed(params.output_shift),
        ],
        at_output,
        [height, width, channels, *common, *steps, multiplier],
    )


def _fully_connected(drawer: Drawer) -> ChipCall:
    rows = 1 if drawer.happens(0.8) else drawer.integer(2, 4)
    taps = drawer.integer(1, 80) if drawer.happens(0.9) else drawer.integer(80, 700)
    outputs = drawer.integer(1, 20)
    per_channel, reach = drawer.happens(0.5), taps * 127 * 16
    scales = drawer.scales(outputs, reach)
    weights_quant = (
        PerChannelQuantParam(tuple(scales), (0,) * outputs, 0)
        if per_channel
        else QuantParam(scales[0], 0 if drawer.happens(0.8) else drawer.integer(-128, 127))
    )
    params = fully_connected.prepare(
        input_shape=(rows, taps),
        weights_shape=(outputs, taps),
        output_shape=(rows, outputs),
        input_quant=QuantParam(1.0, drawer.zero_point()),
        weights_quant=weights_quant,
        output_quant=QuantParam(1.0, drawer.integer(-128, 127)),
    )
    params.activation_min, params.activation_max = drawer.clamp()
    return wired_fully_connected(
        params,
        drawer.int8(rows, taps),
        drawer.int8(outputs, taps),
        drawer.bias(outputs, reach),
        offsets=(drawer.offset(), drawer.one_of(0, 0, drawer.integer(0, 15)), drawer.offset(0.08)),
    )


def wired_fully_connected(
    params: Any,
    image: Int8Array,
    weights: Int8Array,
    bias: npt.NDArray[np.int32] | None,
    offsets: tuple[int, int, int] = (0, 0, 0),
) -> ChipCall:
    """A fully connected layer of these contents; the offsets are those of input, weights and output."""
    at_input, at_weights, at_output = offsets
    outputs, taps = params.weights_shape
    _bind(params, at_output, input=placed(image, at_input), weights=weights, bias=bias)
    per_channel = isinstance(params.weights_quant, PerChannelQuantParam)
    limits = [params.output_offset, params.activation_min, params.activation_max, int(per_channel)]
    return ChipCall(
        "fully_connected",
        params,
        3,
        [image.size // taps, taps, outputs, params.input_offset, params.weights_offset, *limits],
        [
            Placed(image, at_input),
            Placed(weights, at_weights),
            Placed(bias),
            Placed(params.output_multiplier),
            Placed(params.output_shift),
        ],
        at_output,
    )


def _pool(drawer: Drawer, method: str) -> ChipCall:
    batch = 1 if drawer.happens(0.9) else 2
    image = [drawer.integer(1, 14) for _ in range(2)]
    if drawer.happens(0.05):
        image = [drawer.integer(15, 24) for _ in range(2)]
    size, step = drawer.integer(1, 5), drawer.integer(1, 3)
    window = (size, size) if drawer.happens(0.6) else (drawer.integer(1, 20), drawer.integer(1, 20))
    stride = (step, step) if drawer.happens(0.6) else (drawer.integer(1, 4), drawer.integer(1, 4))
    padding = drawer.one_of(Padding.SAME, Padding.VALID)
    if padding is Padding.VALID:
        image = [max(size, taps) for size, taps in zip(image, window, strict=True)]
    return pool_call(
        method,
        drawer.int8(batch, *image, drawer.channels()),
        window,
        stride,
        padding,
        drawer.clamp(),
        offsets=(drawer.offset(), drawer.offset(0.08)),
    )


def pool_call(
    method: str,
    image: Int8Array,
    window: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    padding: Padding = Padding.VALID,
    clamp: tuple[int, int] = (-128, 127),
    offsets: tuple[int, int] = (0, 0),
) -> ChipCall:
    """A pool of this image; the offsets are those of input and output."""
    batch, height, width, channels = image.shape
    rows, columns = (
        compute_padding(padding, size, taps, step)[0]
        for size, taps, step in zip((height, width), window, stride, strict=True)
    )
    params = pool.prepare(
        input_shape=(batch, height, width, channels),
        output_shape=(batch, rows, columns, channels),
        padding=padding,
        filter_height=window[0],
        filter_width=window[1],
        stride_h=stride[0],
        stride_w=stride[1],
        input_quant=QuantParam(0.5, 0),
        output_quant=QuantParam(0.5, 0),
    )
    params.activation_min, params.activation_max = clamp
    _bind(params, offsets[1], input=placed(image, offsets[0]))
    sizes = [batch, height, width, channels, rows, columns, *window, *stride, params.pad_h, params.pad_w]
    operator = 4 if method == "avg_pool" else 5
    return ChipCall(method, params, operator, [*sizes, *clamp], [Placed(image, offsets[0])], offsets[1])


def _add(drawer: Drawer) -> ChipCall:
    size = drawer.integer(1, 100) if drawer.happens(0.9) else drawer.integer(100, 800)
    first, second = drawer.power(-6, 2), drawer.power(-6, 2)
    kind = drawer.random.random()
    if kind < 0.2:
        second = first
    elif kind < 0.35:
        second = first * 2.0 ** drawer.integer(-6, 6)
    out = max(first, second) * (drawer.power(-3, 3) if drawer.happens(0.8) else drawer.power(-18, 12))
    quants = [QuantParam(scale, drawer.integer(-128, 127)) for scale in (first, second, out)]
    inputs = drawer.int8(size), drawer.int8(size)
    return add_call(inputs, quants, drawer.clamp(), offsets=(drawer.offset(), drawer.offset(0.08)))


def add_call(
    inputs: tuple[Int8Array, Int8Array],
    quants: Sequence[QuantParam],
    clamp: tuple[int, int] = (-128, 127),
    offsets: tuple[int, int] = (0, 0),
) -> ChipCall:
    """An addition of these inputs; the offsets are those of both inputs and of the output."""
    shape = inputs[0].shape
    params = add.prepare(
        input1_shape=shape,
        input2_shape=inputs[1].shape,
        output_shape=shape,
        input1_quant=quants[0],
        input2_quant=quants[1],
        output_quant=quants[2],
    )
    params.activation_min, params.activation_max = clamp
    _bind(params, offsets[1], input1=placed(inputs[0], offsets[0]), input2=placed(inputs[1], offsets[0]))
    factors = [params.input1_multiplier, params.input2_multiplier, params.input1_shift, params.input2_shift]
    rest = [params.left_shift, params.output_offset, params.output_multiplier, params.output_shift, *clamp]
    return ChipCall(
        "add",
        params,
        6,
        [params.input1_offset, params.input2_offset, *factors, *rest, inputs[0].size],
        [Placed(each, offsets[0]) for each in inputs],
        offsets[1],
    )


def _mul(drawer: Drawer) -> ChipCall:
    if drawer.happens(0.65):
        size = drawer.integer(1, 100) if drawer.happens(0.6) else 8 * drawer.integer(1, 20)
        shapes: tuple[tuple[int, ...], tuple[int, ...]] = ((size,), (size,))
    else:
        channels = drawer.one_of(1, drawer.channels(), drawer.channels())
        shapes = ((drawer.integer(2, 12), channels), (channels,))
    kind = drawer.random.random()
    if kind < 0.5:
        scale = drawer.power(-12, 0)
    elif kind < 0.75:
        scale = 2.0 ** drawer.integer(-16, 3)
    else:
        scale = drawer.power(-30, 12)
    quants = [QuantParam(each, drawer.integer(-128, 127)) for each in (scale, 1.0, 1.0)]
    inputs = drawer.int8(*shapes[0]), drawer.int8(*shapes[1])
    return mul_call(inputs, quants, drawer.clamp(), offsets=(drawer.offset(), drawer.offset(0.08)))


def mul_call(
    inputs: tuple[Int8Array, Int8Array],
    quants: Sequence[QuantParam],
    clamp: tuple[int, int] = (-128, 127),
    offsets: tuple[int, int] = (0, 0),
) -> ChipCall:
    """A product of these inputs, the second of which may be one of channels; offsets of both inputs, of the output."""
    shape = inputs[0].shape
    params = mul.prepare(
        input1_shape=shape,
        input2_shape=inputs[1].shape,
        output_shape=shape,
        input1_quant=quants[0],
        input2_quant=quants[1],
        output_quant=quants[2],
    )
    params.activation_min, params.activation_max = clamp
    _bind(params, offsets[1], input1=placed(inputs[0], offsets[0]), input2=placed(inputs[1], offsets[0]))
    channels = 0 if inputs[1].shape == shape else inputs[1].size
    factor = [params.output_offset, params.output_multiplier, params.output_shift, *clamp]
    return ChipCall(
        "mul",
        params,
        7,
        [params.input1_offset, params.input2_offset, *factor, inputs[0].size, channels],
        [Placed(each, offsets[0]) for each in inputs],
        offsets[1],
    )


def _softmax(drawer: Drawer) -> ChipCall:
    rows = drawer.integer(1, 4)
    classes = drawer.integer(1, 40) if drawer.happens(0.8) else drawer.integer(40, 300)
    beta = drawer.one_of(1.0, 1.0, float(np.float32(drawer.power(-3, 3))))
    scale = float(np.float32(drawer.power(-9, 1)))
    return softmax_call(drawer.int8(rows, classes), scale, beta, drawer.offset())


def softmax_call(rows: Int8Array, scale: float, beta: float = 1.0, offset: int = 0) -> ChipCall:
    """A softmax of these rows."""
    params = softmax.prepare(
        input_shape=rows.shape,
        output_shape=rows.shape,
        beta=beta,
        input_quant=QuantParam(scale, 0),
        output_quant=QuantParam(1 / 256, -128),
    )
    _bind(params, 0, input=placed(rows, offset))
    factor = [params.input_multiplier, params.input_left_shift, params.diff_min]
    classes = rows.shape[-1]
    return ChipCall(
        "softmax", params, 8, [rows.size // classes, classes, *factor], [Placed(rows, offset)], 0, [classes]
    )


def _hard_swish(drawer: Drawer) -> ChipCall:
    size = drawer.integer(1, 300)
    scale = drawer.power(-8, -1)
    output = QuantParam(scale * drawer.power(-4, 2), drawer.integer(-128, 127))
    content = drawer.int8(size)
    quant = QuantParam(scale, drawer.zero_point())
    return hard_swish_call(content, quant, output, (drawer.offset(), drawer.offset(0.08)))


def hard_swish_call(
    content: Int8Array, quant: QuantParam, output: QuantParam, offsets: tuple[int, int] = (0, 0)
) -> ChipCall:
    """A hard swish; multipliers of 16 bits as TFLM makes them of the scales."""
    params = hard_swish.prepare(
        input_shape=content.shape, output_shape=content.shape, input_quant=quant, output_quant=output
    )
    _bind(params, offsets[1], input=placed(content, offsets[0]))
    fine = quant.scale / 128
    output_multiplier, output_shift = _multiplier16(fine / output.scale)
    reluish_multiplier, reluish_shift = _multiplier16(fine / float(np.float32(3) / np.float32(32768)))
    factors = [output_multiplier, reluish_multiplier, reluish_shift, output_shift]
    integers = [content.size, quant.zero_point, *factors, output.zero_point]
    return ChipCall("hard_swish", params, 9, integers, [Placed(content, offsets[0])], offsets[1])


def _multiplier16(real: float) -> tuple[int, int]:
    multiplier, shift = quantize_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, 2**15 - 1), shift


def _mean(drawer: Drawer) -> ChipCall:
    height, width = drawer.integer(1, 20), drawer.integer(1, 20)
    channels = drawer.channels() if drawer.happens(0.95) else drawer.integer(500, 530)
    content = drawer.int8(1, height, width, channels)
    input_quant = QuantParam(1.0, drawer.integer(-128, 127))
    output_quant = QuantParam(drawer.power(-3, 6), drawer.integer(-128, 127))
    return mean_call(content, input_quant, output_quant, (drawer.offset(), drawer.offset(0.08)))


def mean_call(
    content: Int8Array, input_quant: QuantParam, output_quant: QuantParam, offsets: tuple[int, int] = (0, 0)
) -> ChipCall:
    """The mean of an image's pixels."""
    _, height, width, channels = content.shape
    params = mean.prepare(
        mean=True,
        input_shape=content.shape,
        output_shape=(1, channels),
        axes=(1, 2),
        input_quant=input_quant,
        output_quant=output_quant,
    )
    _bind(params, offsets[1], input=placed(content, offsets[0]))
    factor = [params.output_offset, params.output_multiplier, params.output_shift]
    return ChipCall(
        "mean",
        params,
        10,
        [height, width, channels, -params.input_offset, *factor],
        [Placed(content, offsets[0])],
        offsets[1],
    )


def _bind(params: Any, output_offset: int, **buffers: Any) -> None:
    for name, buffer in buffers.items():
        setattr(params, name, buffer)
    size = int(np.prod(params.output_shape))
    params.output = memory(size, output_offset).view(np.int8).reshape(params.output_shape)
    params.output[...] = 77


DRAWERS: Mapping[str, Callable[[Drawer], ChipCall]] = {
    "conv2d": lambda drawer: _convolution(drawer, False),
    "depthwise_conv2d": lambda drawer: _convolution(drawer, True),
    "fully_connected": _fully_connected,
    "avg_pool": lambda drawer: _pool(drawer, "avg_pool"),
    "max_pool": lambda drawer: _pool(drawer, "max_pool"),
    "add": _add,
    "mul": _mul,
    "softmax": _softmax,
    "hard_swish": _hard_swish,
    "mean": _mean,
}


def draw(operator: str, *seed: int) -> ChipCall:
    """A random call, the same for the same seed; what TFLM refuses to prepare is drawn anew."""
    attempts = (_drawn(operator, *seed, attempt) for attempt in range(100))
    return next(call for call in attempts if call is not None)


def _drawn(operator: str, *seed: int) -> ChipCall | None:
    try:
        return DRAWERS[operator](Drawer(*seed))
    except ValueError:
        return None
