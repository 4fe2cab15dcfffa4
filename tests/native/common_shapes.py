"""Layers of the shapes that networks for images and sound have, and that kernels of their own are for: whole vectors of
channels, filters of 3x3, strides of 1 and 2, first layers. Small random models seldom meet them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ember_infer_core import Program
from ember_infer_macros import load_program
from ember_infer_tools.tflite_writer import ModelWriter
from tests.native.random_programs import Samples, join_programs
from tests.support.windows import Window, WindowAxis

Shape = tuple[int, ...]

_ACTIVATIONS = ("NONE", "RELU", "RELU6")
_INT8 = -128, 127


class _Layer:
    """A model of one layer, drawn from a generator."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.writer = ModelWriter()
        self.inputs: list[int] = []

    def one_of(self, *choices: int) -> int:
        return int(self.random.choice(choices))

    def options(self) -> dict[str, Any]:
        return {"activation": str(self.random.choice(_ACTIVATIONS))}

    def activation(self, shape: Shape, scale: float, zero_point: int | None = None) -> int:
        if zero_point is None:
            zero_point = self.one_of(*_INT8, 0, int(self.random.integers(-128, 128)))
        return self.writer.tensor(f"t{self.random.integers(1 << 60)}", shape, scale=scale, zero_point=zero_point)

    def input(self, shape: Shape, zero_point: int | None = None) -> int:
        self.inputs.append(self.activation(shape, 0.05, zero_point))
        return self.inputs[-1]

    def sums(self, shape: Shape, axis: int, taps: int) -> tuple[int, int | None, float]:
        """Weights, a bias or none, and a scale at which results spread over int8."""
        channels, largest = shape[axis], self.one_of(*(127,) * 5, 3)
        scales = [float(scale) for scale in np.exp2(self.random.uniform(-8, -6, channels)).astype(np.float32)]
        data = self.random.integers(-largest, largest + 1, shape, np.int8)
        weights = self.writer.tensor("weights", shape, scales=scales, quantized_dimension=axis, data=data)
        spread = 2.0**-7 * 128 * largest * taps**0.5 / 2
        limit = self.one_of(0, 2000, 2**16)
        content = self.random.integers(-limit - 1, limit + 1, channels, np.int32)
        of_bias = [float(np.float32(0.05 * scale)) for scale in scales]
        bias = self.writer.tensor("bias", (channels,), "int32", scales=of_bias, data=content) if limit else None
        return weights, bias, float(np.float32(0.05 * spread / 64 * self.random.uniform(0.3, 1.5)))

    def window(self, rows: int, columns: int, size: int, stride: int, dilation: int = 1) -> Window:
        padding = "SAME" if min(rows, columns) <= (size - 1) * dilation or self.one_of(0, 0, 1) == 0 else "VALID"
        axes = (WindowAxis(each, size, stride, dilation) for each in (rows, columns))
        return Window(padding, *axes)

    def finish(self, output: int) -> Program:
        return load_program(self.writer.finish(self.inputs, [output]))


def _depthwise(layer: _Layer) -> Program:
    channels = layer.one_of(4, 8, 8, 16, 16, 24, 32, 32, 64, 64, 128, 192)
    shape = layer.one_of(1, 1, 2), layer.one_of(1, 2, 3, 4, 5, 6, 11), layer.one_of(1, 2, 3, 4, 7, 8, 17, 24), channels
    size = layer.one_of(3, 3, 3, 3, 2, 5)
    dilation = layer.one_of(1, 1, 1, 2)
    window = layer.window(shape[1], shape[2], size, layer.one_of(1, 2), dilation)
    input = layer.input(shape)
    weights, bias, scale = layer.sums((1, size, size, channels), 3, size * size)
    output = layer.activation((shape[0], window.output_height, window.output_width, channels), scale)
    layer.writer.depthwise_conv2d(
        input, weights, bias, output, **window.options(), **window.dilations(), **layer.options()
    )
    return layer.finish(output)


def _first(layer: _Layer) -> Program:
    depth, filters = layer.one_of(1, 1, 3, 3, 2), layer.one_of(8, 8, 16, 16, 32, 24, 5)
    shape = layer.one_of(1, 1, 2), layer.one_of(2, 3, 5, 12), layer.one_of(7, 16, 31, 32, 33, 49, 64), depth
    window = layer.window(shape[1], shape[2], 3, layer.one_of(1, 2))
    input = layer.input(shape)
    depthwise = depth == 1 and layer.one_of(0, 1) == 1
    weights, bias, scale = layer.sums(
        (1, 3, 3, filters) if depthwise else (filters, 3, 3, depth), 3 if depthwise else 0, 9 * depth
    )
    output = layer.activation((shape[0], window.output_height, window.output_width, filters), scale)
    if depthwise:
        layer.writer.depthwise_conv2d(
            input, weights, bias, output, depth_multiplier=filters, **window.options(), **layer.options()
        )
    else:
        layer.writer.conv2d(input, weights, bias, output, **window.options(), **layer.options())
    return layer.finish(output)


def _conv(layer: _Layer) -> Program:
    depth, filters, size = layer.one_of(8, 16, 32, 64), layer.one_of(8, 16, 32, 64, 72, 128), layer.one_of(1, 1, 3)
    shape = 1, layer.one_of(1, 3, 6), layer.one_of(1, 5, 6, 13, 24), depth
    window = layer.window(shape[1], shape[2], size, layer.one_of(1, 1, 2))
    input = layer.input(shape)
    weights, bias, scale = layer.sums((filters, size, size, depth), 0, size * size * depth)
    output = layer.activation((1, window.output_height, window.output_width, filters), scale)
    layer.writer.conv2d(input, weights, bias, output, **window.options(), **layer.options())
    return layer.finish(output)


def _average(layer: _Layer) -> Program:
    channels = layer.one_of(4, 16, 24, 64, 64, 128, 256)
    shape = layer.one_of(1, 2), layer.one_of(1, 3, 8, 25), layer.one_of(1, 2, 3, 5, 8), channels
    zero_point = layer.one_of(*_INT8, 3)
    whole = layer.one_of(0, 1) == 1
    window = Window("VALID", *(WindowAxis(size, size, 1, 1) for size in shape[1:3]))
    if not whole:
        window = layer.window(shape[1], shape[2], min(3, *shape[1:3]), layer.one_of(1, 2))
    input = layer.input(shape, zero_point)
    output = layer.activation((shape[0], window.output_height, window.output_width, channels), 0.05, zero_point)
    filter: dict[str, Any] = {"filter_height": window.height, "filter_width": window.width}
    layer.writer.average_pool_2d(input, output, **filter, **window.options(), **layer.options())
    return layer.finish(output)


def _add(layer: _Layer) -> Program:
    shape = 1, layer.one_of(1, 4), layer.one_of(5, 16), layer.one_of(7, 16, 64)
    first = layer.input(shape)
    layer.inputs.append(layer.activation(shape, float(np.float32(0.05 * 2.0 ** layer.random.uniform(-3, 3)))))
    output = layer.activation(shape, float(np.float32(0.05 * 2.0 ** layer.random.uniform(-1, 3))))
    layer.writer.add(first, layer.inputs[1], output, **layer.options())
    return layer.finish(output)


KINDS: Mapping[str, Callable[[_Layer], Program]] = {
    "depthwise": _depthwise,
    "first": _first,
    "conv": _conv,
    "average": _average,
    "add": _add,
}


def common_layers(kind: str, seed: int, count: int) -> tuple[Program, Samples]:
    """So many layers of a kind, side by side in one program, and inputs: random ones, and the ends of int8."""
    random = np.random.default_rng([seed, *kind.encode()])
    program = join_programs([KINDS[kind](_Layer(random)) for _ in range(count)])
    shapes = [program.tensors[index].shape for index in program.inputs]
    samples = [[random.integers(-128, 128, shape, np.int8) for shape in shapes] for _ in range(3)]
    samples += [[np.full(shape, value, np.int8) for shape in shapes] for value in _INT8]
    samples.append([random.choice(np.array(_INT8, np.int8), shape) for shape in shapes])
    return program, samples
