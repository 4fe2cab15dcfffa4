"""The network shapes of MLPerf Tiny with random weights: what the benchmark runs, made when it runs.

Shapes are those of MLCommons' reference models (https://github.com/mlcommons/tiny): ResNet-8 for images of 32x32,
DS-CNN for keywords, MobileNetV1 0.25 for images of 96x96, and the autoencoder of anomaly detection. Weights, biases and
scales are random, with statistics of trained networks: each output channel has a scale of its own, and each layer's
quantisation comes from running it on samples, so that activations spread over int8 and ReLUs clamp. The same seed gives
the same file.

``python -m benchmarks.models FOLDER`` writes them.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ember_infer_core.quantization import INT8_MAX, INT8_MIN, QuantParam
from ember_infer_tools.tflite_writer import ModelWriter
from models.quantise import (
    SOFTMAX_OUTPUT,
    Activation,
    FloatArray,
    add_activation,
    add_flatten,
    bias_scales,
    calibrate,
    quantise_bias,
    quantise_weights,
    quantise_weights_per_channel,
)

__all__ = ["BUILDERS", "autoencoder", "dscnn", "mobilenet", "resnet8"]

# Share of samples, at either end, that lies outside the chosen range, as calibrated networks have it.
_CLIPPED = 5e-4
_PIXELS = QuantParam(scale=1.0, zero_point=-128)


@dataclass(frozen=True, slots=True)
class Layer:
    """A tensor of the file, and the real values it takes on the samples, samples first."""

    tensor: Activation
    real: FloatArray


class RandomNetwork:
    """A network under construction; each operator's method returns its output."""

    def __init__(self, seed: int, samples: int) -> None:
        self._writer = ModelWriter()
        self._random = np.random.default_rng(seed)
        self._samples = samples
        self._inputs: list[int] = []
        self._names: dict[str, int] = {}

    def input(self, shape: Sequence[int], quant: QuantParam) -> Layer:
        """A model input of one sample; every int8 value is as likely."""
        tensor = add_activation(self._writer, "input", (1, *shape), quant)
        self._inputs.append(tensor.index)
        q = self._random.integers(-128, 128, (self._samples, *shape))
        return Layer(tensor, _real(q, quant))

    def conv2d(
        self, source: Layer, filters: int, kernel: tuple[int, int], stride: int = 1, activation: str = "RELU"
    ) -> Layer:
        """CONV_2D, SAME."""
        name = self._name("conv2d")
        weights, bias, real = self._weights(
            (filters, *kernel, source.tensor.shape[3]), lambda w: _correlate(source.real, w, stride, depthwise=False), 0
        )
        constants = self._constants(name, source, weights, bias, 0)
        output = self._output(name, real, activation)
        self._writer.conv2d(
            source.tensor.index,
            *constants,
            output.tensor.index,
            stride_h=stride,
            stride_w=stride,
            activation=activation,
        )
        return output

    def depthwise_conv2d(self, source: Layer, stride: int = 1, activation: str = "RELU") -> Layer:
        """DEPTHWISE_CONV_2D, 3x3, SAME."""
        name = self._name("depthwise_conv2d")
        weights, bias, real = self._weights(
            (1, 3, 3, source.tensor.shape[3]), lambda w: _correlate(source.real, w, stride, depthwise=True), 3
        )
        constants = self._constants(name, source, weights, bias, 3)
        output = self._output(name, real, activation)
        self._writer.depthwise_conv2d(
            source.tensor.index,
            *constants,
            output.tensor.index,
            stride_h=stride,
            stride_w=stride,
            activation=activation,
        )
        return output

    def fully_connected(self, source: Layer, units: int, activation: str = "NONE", spread: float = 1.0) -> Layer:
        """FULLY_CONNECTED with one weight scale; ``spread`` is the standard deviation of its sums."""
        name = self._name("fully_connected")
        weights, bias, real = self._weights((units, source.real.shape[1]), lambda w: source.real @ w.T, 0, spread)
        q_weights, quant = quantise_weights(weights)
        scales = bias_scales(source.tensor.quant.scale, (quant.scale,))
        q_bias = quantise_bias(bias, scales)
        weights_index = self._writer.tensor(f"{name}/weights", q_weights.shape, scale=quant.scale, data=q_weights)
        bias_index = self._writer.tensor(f"{name}/bias", q_bias.shape, "int32", scale=scales[0], data=q_bias)
        output = self._output(name, real, activation)
        self._writer.fully_connected(
            source.tensor.index, weights_index, bias_index, output.tensor.index, activation=activation
        )
        return output

    def add(self, first: Layer, second: Layer) -> Layer:
        """ADD with ReLU."""
        output = self._output(self._name("add"), first.real + second.real, "RELU")
        self._writer.add(first.tensor.index, second.tensor.index, output.tensor.index, activation="RELU")
        return output

    def global_average_pool(self, source: Layer) -> Layer:
        """AVERAGE_POOL_2D over the whole image, and RESHAPE to a row."""
        batch, height, width, channels = source.tensor.shape
        pooled = add_activation(
            self._writer, self._name("average_pool_2d"), (batch, 1, 1, channels), source.tensor.quant
        )
        self._writer.average_pool_2d(source.tensor.index, pooled.index, filter_height=height, filter_width=width)
        return Layer(add_flatten(self._writer, self._name("reshape"), pooled), source.real.mean(axis=(1, 2)))

    def softmax(self, source: Layer) -> Layer:
        """SOFTMAX; what it gives on the samples is left out, for nothing reads it."""
        tensor = add_activation(self._writer, self._name("softmax"), source.tensor.shape, SOFTMAX_OUTPUT)
        self._writer.softmax(source.tensor.index, tensor.index)
        return Layer(tensor, np.empty(0))

    def finish(self, output: Layer) -> bytes:
        """The file."""
        return self._writer.finish(self._inputs, [output.tensor.index])

    def _weights(
        self, shape: tuple[int, ...], apply: Callable[[FloatArray], FloatArray], axis: int, spread: float = 1.0
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Random weights and biases, and the layer's sums, each channel with a mean and deviation of its own.

        That is what training with batch normalisation leaves behind once it is folded into the weights.
        """
        weights = self._random.normal(0, 1, shape)
        sums = apply(weights)
        channels = sums.shape[-1]
        axes = tuple(range(sums.ndim - 1))
        deviation = spread * np.exp(self._random.normal(0, 0.3, channels))
        gain = deviation / np.maximum(sums.std(axis=axes), 1e-6)
        along = [1] * len(shape)
        along[axis] = channels
        mean = self._random.normal(0, 0.5, channels) * deviation
        bias = mean - sums.mean(axis=axes) * gain
        return weights * gain.reshape(along), bias, sums * gain + bias

    def _constants(self, name: str, source: Layer, weights: FloatArray, bias: FloatArray, axis: int) -> tuple[int, int]:
        q_weights, quant = quantise_weights_per_channel(weights, axis)
        scales = bias_scales(source.tensor.quant.scale, quant.scales)
        q_bias = quantise_bias(bias, scales)
        return (
            self._writer.tensor(
                f"{name}/weights", q_weights.shape, scales=quant.scales, quantized_dimension=axis, data=q_weights
            ),
            self._writer.tensor(f"{name}/bias", q_bias.shape, "int32", scales=scales, data=q_bias),
        )

    def _output(self, name: str, real: FloatArray, activation: str) -> Layer:
        """The output of an operator that gave these values on the samples, quantised for them."""
        if activation != "NONE":
            real = np.clip(real, 0.0, 6.0 if activation == "RELU6" else math.inf)
        quant = calibrate(np.quantile(real, (_CLIPPED, 1 - _CLIPPED)))
        tensor = add_activation(self._writer, name, (1, *real.shape[1:]), quant)
        low, high = _real(np.array([INT8_MIN, INT8_MAX]), quant)
        return Layer(tensor, np.clip(real, low, high))

    def _name(self, operator: str) -> str:
        count = self._names[operator] = self._names.get(operator, 0) + 1
        return f"{operator}_{count}"


def resnet8(seed: int = 0) -> bytes:
    """ResNet-8 (MLPerf Tiny, image classification): 32x32x3 → 10; three residual blocks of 3x3 convolutions."""
    network = RandomNetwork(seed, samples=8)
    x = network.conv2d(network.input((32, 32, 3), _PIXELS), 16, (3, 3))
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        inner = network.conv2d(x, filters, (3, 3), stride)
        inner = network.conv2d(inner, filters, (3, 3), activation="NONE")
        shortcut = x if stride == 1 else network.conv2d(x, filters, (1, 1), stride, activation="NONE")
        x = network.add(shortcut, inner)
    return network.finish(network.softmax(network.fully_connected(network.global_average_pool(x), 10, spread=2.0)))


def dscnn(seed: int = 0) -> bytes:
    """DS-CNN (MLPerf Tiny, keyword spotting): 49x10x1 → 12; four depthwise-separable blocks of 64 channels."""
    network = RandomNetwork(seed, samples=16)
    x = network.conv2d(network.input((49, 10, 1), QuantParam(0.5, 40)), 64, (10, 4), 2)
    for _ in range(4):
        x = network.conv2d(network.depthwise_conv2d(x), 64, (1, 1))
    return network.finish(network.softmax(network.fully_connected(network.global_average_pool(x), 12, spread=2.0)))


def mobilenet(seed: int = 0) -> bytes:
    """MobileNetV1 0.25 (MLPerf Tiny, visual wake words): 96x96x3 → 2; thirteen depthwise-separable blocks, ReLU6."""
    network = RandomNetwork(seed, samples=8)
    x = network.conv2d(network.input((96, 96, 3), QuantParam(1 / 255, -128)), 8, (3, 3), 2, "RELU6")
    blocks = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)]
    for filters, stride in blocks:
        x = network.conv2d(network.depthwise_conv2d(x, stride, "RELU6"), filters, (1, 1), activation="RELU6")
    return network.finish(network.softmax(network.fully_connected(network.global_average_pool(x), 2, spread=2.0)))


def autoencoder(seed: int = 0) -> bytes:
    """The fully connected autoencoder of MLPerf Tiny's anomaly detection: 640 → 8 → 640, ten layers."""
    network = RandomNetwork(seed, samples=256)
    x = network.input((640,), QuantParam(0.4, 90))
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = network.fully_connected(x, units, "RELU")
    return network.finish(network.fully_connected(x, 640, spread=20.0))


BUILDERS: Mapping[str, Callable[[], bytes]] = {
    "resnet8": resnet8,
    "dscnn": dscnn,
    "mobilenet": mobilenet,
    "autoencoder": autoencoder,
}


def _real(q: npt.NDArray[np.int64], quant: QuantParam) -> FloatArray:
    return (q - quant.zero_point) * np.float64(quant.scale)


def _correlate(image: FloatArray, weights: FloatArray, stride: int, *, depthwise: bool) -> FloatArray:
    """``[N, H, W, C_in]`` with ``[C_out, KH, KW, C_in]``, or depthwise ``[1, KH, KW, C]``; SAME padding by zeros."""
    _, height, width, _ = image.shape
    kernel_height, kernel_width = weights.shape[1:3]
    rows, columns = -(-height // stride), -(-width // stride)
    above, below = _padding(height, rows, kernel_height, stride)
    left, right = _padding(width, columns, kernel_width, stride)
    padded = np.pad(image, ((0, 0), (above, below), (left, right), (0, 0)))
    total: FloatArray = np.zeros((image.shape[0], rows, columns, weights.shape[3 if depthwise else 0]))
    for y in range(kernel_height):
        for x in range(kernel_width):
            tap = padded[:, y : y + (rows - 1) * stride + 1 : stride, x : x + (columns - 1) * stride + 1 : stride]
            total += tap * weights[0, y, x] if depthwise else tap @ weights[:, y, x].T
    return total


def _padding(size: int, outputs: int, taps: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding along one axis: before, and after, where the odd one goes."""
    total = max((outputs - 1) * stride + taps - size, 0)
    return total // 2, total - total // 2


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the benchmark's models.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in BUILDERS.items():
        path = folder / f"{name}.tflite"
        path.write_bytes(build())
        print(path)


if __name__ == "__main__":
    main()
