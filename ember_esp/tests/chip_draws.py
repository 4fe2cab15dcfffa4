"""Random calls of the operators that ESP-NN has kernels for.

Sizes lean towards those at which the kernels choose another way: channels of multiples of 4, 8 and 16, filters of 1x1
and 3x3, windows around 16 bytes. Sums stay within int32, where the kernels promise nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from chip_calls import (
    ChipCall,
    Int8Array,
    add_call,
    hard_swish_call,
    mean_call,
    mul_call,
    pool_call,
    softmax_call,
    wired_convolution,
    wired_fully_connected,
)
from ember_infer_core import Padding, PerChannelQuantParam, QuantParam
from ember_infer_core.ops import conv2d, depthwise_conv2d, fully_connected
from ember_infer_core.ops.windows import compute_padding

__all__ = ["DRAWERS", "draw"]

Value = TypeVar("Value")


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


def _softmax(drawer: Drawer) -> ChipCall:
    rows = drawer.integer(1, 4)
    classes = drawer.integer(1, 40) if drawer.happens(0.8) else drawer.integer(40, 300)
    beta = drawer.one_of(1.0, 1.0, float(np.float32(drawer.power(-3, 3))))
    scale = float(np.float32(drawer.power(-9, 1)))
    return softmax_call(drawer.int8(rows, classes), scale, beta, drawer.offset())


def _hard_swish(drawer: Drawer) -> ChipCall:
    size = drawer.integer(1, 300)
    scale = drawer.power(-8, -1)
    output = QuantParam(scale * drawer.power(-4, 2), drawer.integer(-128, 127))
    content = drawer.int8(size)
    quant = QuantParam(scale, drawer.zero_point())
    return hard_swish_call(content, quant, output, (drawer.offset(), drawer.offset(0.08)))


def _mean(drawer: Drawer) -> ChipCall:
    height, width = drawer.integer(1, 20), drawer.integer(1, 20)
    channels = drawer.channels() if drawer.happens(0.95) else drawer.integer(500, 530)
    content = drawer.int8(1, height, width, channels)
    input_quant = QuantParam(1.0, drawer.integer(-128, 127))
    output_quant = QuantParam(drawer.power(-3, 6), drawer.integer(-128, 127))
    return mean_call(content, input_quant, output_quant, (drawer.offset(), drawer.offset(0.08)))


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
