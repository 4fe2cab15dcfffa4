"""Calls of the operators that ESP-NN has kernels for, each with its form on the wire to a kernel server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chip_server import Answer, ChipServer, Placed
from ember_esp.tables import multiplier16
from ember_infer_core import Padding, PerChannelQuantParam, QuantParam
from ember_infer_core.ops import add, depthwise_conv2d, hard_swish, mean, mul, pool, softmax
from ember_infer_core.ops.windows import compute_padding
from esp_cases import memory, placed

__all__ = [
    "ChipCall",
    "Int8Array",
    "add_call",
    "hard_swish_call",
    "mean_call",
    "mul_call",
    "pool_call",
    "softmax_call",
    "wired_convolution",
    "wired_fully_connected",
]

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


def add_call(
    inputs: tuple[Int8Array, Int8Array],
    quants: Sequence[QuantParam],
    clamp: tuple[int, int] = (-128, 127),
    offsets: tuple[int, int] = (0, 0),
) -> ChipCall:
    """An addition of these inputs; the offsets are those of both inputs and of the output."""
    params = _of_pair(add.prepare, inputs, quants, clamp, offsets)
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


def mul_call(
    inputs: tuple[Int8Array, Int8Array],
    quants: Sequence[QuantParam],
    clamp: tuple[int, int] = (-128, 127),
    offsets: tuple[int, int] = (0, 0),
) -> ChipCall:
    """A product of these inputs, the second of which may be one of channels; offsets of both inputs, of the output."""
    params = _of_pair(mul.prepare, inputs, quants, clamp, offsets)
    channels = 0 if inputs[1].shape == inputs[0].shape else inputs[1].size
    factor = [params.output_offset, params.output_multiplier, params.output_shift, *clamp]
    return ChipCall(
        "mul",
        params,
        7,
        [params.input1_offset, params.input2_offset, *factor, inputs[0].size, channels],
        [Placed(each, offsets[0]) for each in inputs],
        offsets[1],
    )


def _of_pair(
    prepare: Callable[..., Any],
    inputs: tuple[Int8Array, Int8Array],
    quants: Sequence[QuantParam],
    clamp: tuple[int, int],
    offsets: tuple[int, int],
) -> Any:
    """The bound parameters of a call whose output has the first input's shape."""
    shape = inputs[0].shape
    params = prepare(
        input1_shape=shape,
        input2_shape=inputs[1].shape,
        output_shape=shape,
        input1_quant=quants[0],
        input2_quant=quants[1],
        output_quant=quants[2],
    )
    params.activation_min, params.activation_max = clamp
    _bind(params, offsets[1], input1=placed(inputs[0], offsets[0]), input2=placed(inputs[1], offsets[0]))
    return params


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


def hard_swish_call(
    content: Int8Array, quant: QuantParam, output: QuantParam, offsets: tuple[int, int] = (0, 0)
) -> ChipCall:
    """A hard swish; multipliers of 16 bits as TFLM makes them of the scales."""
    params = hard_swish.prepare(
        input_shape=content.shape, output_shape=content.shape, input_quant=quant, output_quant=output
    )
    _bind(params, offsets[1], input=placed(content, offsets[0]))
    fine = quant.scale / 128
    output_multiplier, output_shift = multiplier16(fine / output.scale)
    reluish_multiplier, reluish_shift = multiplier16(fine / float(np.float32(3) / np.float32(32768)))
    factors = [output_multiplier, reluish_multiplier, reluish_shift, output_shift]
    integers = [content.size, quant.zero_point, *factors, output.zero_point]
    return ChipCall("hard_swish", params, 9, integers, [Placed(content, offsets[0])], offsets[1])


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
