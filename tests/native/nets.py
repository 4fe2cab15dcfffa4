"""Networks written down layer by layer, whose shapes and scales follow from one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ember_infer_tools.tflite_writer import ModelWriter

Shape = tuple[int, ...]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Activation:
    """A tensor of a network."""

    index: int
    shape: Shape


@dataclass
class Net:
    """One model that grows by the layer; several networks beside each other are still one model."""

    seed: int = 0
    writer: ModelWriter = field(default_factory=ModelWriter)
    inputs: list[Activation] = field(default_factory=list)
    outputs: list[Activation] = field(default_factory=list)
    _quants: dict[int, tuple[float, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        self._count = 0

    def finish(self) -> bytes:
        """The model file."""
        return self.writer.finish([t.index for t in self.inputs], [t.index for t in self.outputs])

    def input(self, *shape: int, dtype: str = "int8") -> Activation:
        self.inputs.append(self._activation(shape) if dtype == "int8" else self._plain(shape, dtype))
        return self.inputs[-1]

    def output(self, *activations: Activation) -> None:
        self.outputs.extend(activations)

    def operator(
        self,
        name: str,
        inputs: Sequence[Activation],
        *shape: int,
        dtype: str = "int8",
        quant: tuple[float, int] | None = None,
        like: Activation | None = None,
        **options: Any,
    ) -> Activation:
        """Any operator of one output, which has the quantisation ``quant``, or that of ``like``, or one by itself."""
        if dtype != "int8":
            output = self._plain(shape, dtype)
        elif quant is not None:
            index = self.writer.tensor(self._name(), shape, scale=quant[0], zero_point=quant[1])
            self._quants[index] = quant
            output = Activation(index, shape)
        else:
            output = self._activation(shape, like=like)
        self.writer.operator(name, [x.index for x in inputs], [output.index], **options)
        return output

    def numbers(self, data: Any) -> Activation:
        """A constant of int32: axes, sizes, paddings."""
        content = np.array(data, np.int32)
        return Activation(self.writer.tensor(self._name(), content.shape, "int32", data=content), content.shape)

    def constant(self, *shape: int) -> Activation:
        data = self._random.integers(-128, 128, shape, np.int8)
        quant = 0.5, self._zero_point()
        index = self.writer.tensor(self._name(), shape, scale=quant[0], zero_point=quant[1], data=data)
        self._quants[index] = quant
        return Activation(index, shape)

    def conv2d(
        self,
        x: Activation,
        filters: int,
        kernel: Pair = (3, 3),
        *,
        groups: int = 1,
        padding: str = "SAME",
        stride: Pair = (1, 1),
        dilation: Pair = (1, 1),
        bias: bool = True,
        activation: str = "NONE",
    ) -> Activation:
        depth = x.shape[3] // groups
        rows, columns = self._window(x, kernel, padding, stride, dilation)
        weights, bias_index = self._weights(x, (filters, *kernel, depth), 0, bias)
        output = self._activation((x.shape[0], rows, columns, filters), self._scale(x, math.prod(kernel) * depth))
        self.writer.conv2d(
            x.index,
            weights,
            bias_index,
            output.index,
            padding=padding,
            stride_h=stride[0],
            stride_w=stride[1],
            dilation_h_factor=dilation[0],
            dilation_w_factor=dilation[1],
            activation=activation,
        )
        return output

    def depthwise(
        self,
        x: Activation,
        kernel: Pair = (3, 3),
        *,
        multiplier: int = 1,
        padding: str = "SAME",
        stride: Pair = (1, 1),
        dilation: Pair = (1, 1),
        bias: bool = True,
        activation: str = "NONE",
    ) -> Activation:
        channels = x.shape[3] * multiplier
        rows, columns = self._window(x, kernel, padding, stride, dilation)
        weights, bias_index = self._weights(x, (1, *kernel, channels), 3, bias)
        output = self._activation((x.shape[0], rows, columns, channels), self._scale(x, math.prod(kernel)))
        self.writer.depthwise_conv2d(
            x.index,
            weights,
            bias_index,
            output.index,
            depth_multiplier=multiplier,
            padding=padding,
            stride_h=stride[0],
            stride_w=stride[1],
            dilation_h_factor=dilation[0],
            dilation_w_factor=dilation[1],
            activation=activation,
        )
        return output

    def dense(self, x: Activation, units: int, depth: int, *, zero_point: int = 0, bias: bool = True) -> Activation:
        if zero_point:
            data = self._random.integers(-128, 128, (units, depth), np.int8)
            weights = self.writer.tensor(self._name(), data.shape, scale=0.02, zero_point=zero_point, data=data)
            bias_index = None
        else:
            weights, bias_index = self._weights(x, (units, depth), 0, bias)
        output = self._activation(
            (math.prod(x.shape) // depth, units), self._scale(x, depth) * (12 if zero_point else 1)
        )
        self.writer.fully_connected(x.index, weights, bias_index, output.index)
        return output

    def pool(
        self, x: Activation, kind: str, kernel: Pair, *, padding: str = "VALID", stride: Pair = (1, 1)
    ) -> Activation:
        rows, columns = self._window(x, kernel, padding, stride, (1, 1))
        output = self._activation((x.shape[0], rows, columns, x.shape[3]), like=x)
        write = {"average": self.writer.average_pool_2d, "max": self.writer.max_pool_2d}[kind]
        write(
            x.index,
            output.index,
            filter_height=kernel[0],
            filter_width=kernel[1],
            padding=padding,
            stride_h=stride[0],
            stride_w=stride[1],
        )
        return output

    def add(self, x: Activation, y: Activation, activation: str = "NONE") -> Activation:
        output = self._activation(np.broadcast_shapes(x.shape, y.shape), 0.8)
        self.writer.add(x.index, y.index, output.index, activation=activation)
        return output

    def mul(self, x: Activation, y: Activation) -> Activation:
        output = self._activation(np.broadcast_shapes(x.shape, y.shape), 20.0)
        self.writer.mul(x.index, y.index, output.index)
        return output

    def softmax(self, x: Activation, beta: float = 1.0) -> Activation:
        index = self.writer.tensor(self._name(), x.shape, scale=1 / 256, zero_point=-128)
        self._quants[index] = 1 / 256, -128
        self.writer.softmax(x.index, index, beta=beta)
        return Activation(index, x.shape)

    def reshape(self, x: Activation, *shape: int) -> Activation:
        output = self._activation(shape, like=x)
        self.writer.reshape(x.index, output.index, new_shape=shape)
        return output

    def _name(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def _zero_point(self) -> int:
        return int(self._random.integers(-60, 60))

    def _scale(self, x: Activation, taps: int) -> float:
        return self._quants[x.index][0] * 0.02 * 50 * math.sqrt(taps)

    def _activation(self, shape: Shape, scale: float = 0.5, like: Activation | None = None) -> Activation:
        """All but pools and reshapes choose their own quantisation; these take over their input's."""
        quant = (scale, self._zero_point()) if like is None else self._quants[like.index]
        index = self.writer.tensor(self._name(), shape, scale=quant[0], zero_point=quant[1])
        self._quants[index] = quant
        return Activation(index, shape)

    def _plain(self, shape: Shape, dtype: str) -> Activation:
        return Activation(self.writer.tensor(self._name(), shape, dtype), shape)

    def _weights(self, x: Activation, shape: Shape, axis: int, bias: bool) -> tuple[int, int | None]:
        data = self._random.integers(-127, 128, shape, np.int8)
        scales = [float(np.float32(0.02 * 2.0 ** self._random.uniform(-1, 1))) for _ in range(shape[axis])]
        weights = self.writer.tensor(self._name(), shape, scales=scales, quantized_dimension=axis, data=data)
        if not bias:
            return weights, None
        values = self._random.integers(-3000, 3000, shape[axis], np.int32)
        bias_scales = [float(np.float32(self._quants[x.index][0] * scale)) for scale in scales]
        index = self.writer.tensor(self._name(), values.shape, "int32", scales=bias_scales, data=values)
        return weights, index

    def _window(self, x: Activation, kernel: Pair, padding: str, stride: Pair, dilation: Pair) -> Pair:
        rows, columns = (
            -(-size // step) if padding == "SAME" else (size - (taps - 1) * spread - 1) // step + 1
            for size, taps, step, spread in zip(x.shape[1:3], kernel, stride, dilation, strict=True)
        )
        return rows, columns
