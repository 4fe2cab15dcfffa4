"""Post-training INT8 quantisation, with the conventions of TensorFlow Lite's converter.

Pure functions from float arrays to integers and scales, and one function for each operator that the models here use,
which quantises a trained layer and adds it to a :class:`~ember_infer_tools.tflite_writer.ModelWriter`. Source of the
rules: https://ai.google.dev/edge/litert/conversion/tensorflow/quantization/quantization_spec
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.quantization import INT8_MAX, INT8_MIN, PerChannelQuantParam, QuantParam
from ember_infer_tools.tflite_writer import ModelWriter

FloatArray: TypeAlias = npt.NDArray[np.float64]

SOFTMAX_OUTPUT = QuantParam(scale=1 / 256, zero_point=-128)
"""Every int8 softmax of TensorFlow Lite writes probabilities this way; its kernels accept no other."""


@dataclass(frozen=True, slots=True)
class Activation:
    """A tensor between two operators, already in the file."""

    index: int
    shape: tuple[int, ...]
    quant: QuantParam


def quant_of_range(minimum: float, maximum: float) -> QuantParam:
    """The int8 grid that covers ``[minimum, maximum]`` and holds 0 exactly, so that padding and ReLU cost nothing."""
    low, high = min(minimum, 0.0), max(maximum, 0.0)
    if low == high:
        raise ValueError("a range of nothing but 0 has no scale")
    scale = _float32((high - low) / (INT8_MAX - INT8_MIN))
    zero_point = int(_round_half_away_from_zero(INT8_MIN - low / scale))
    return QuantParam(scale, min(max(zero_point, INT8_MIN), INT8_MAX))


def calibrate(values: npt.ArrayLike) -> QuantParam:
    """The int8 grid of an activation, from the values it took on the training data."""
    array = np.asarray(values, np.float64)
    return quant_of_range(float(array.min()), float(array.max()))


def quantise_weights(weights: FloatArray) -> tuple[npt.NDArray[np.int8], QuantParam]:
    """Symmetric int8 weights (-127 to 127) with one scale for the whole tensor."""
    scale = _symmetric_scale(weights)
    return _to_symmetric_int8(weights / scale), QuantParam(scale, 0)


def quantise_weights_per_channel(
    weights: FloatArray, quantized_dimension: int
) -> tuple[npt.NDArray[np.int8], PerChannelQuantParam]:
    """Symmetric int8 weights (-127 to 127) with one scale for each index along ``quantized_dimension``."""
    channels = np.moveaxis(weights, quantized_dimension, 0)
    scales = tuple(_symmetric_scale(channel) for channel in channels)
    broadcast_shape = [1] * weights.ndim
    broadcast_shape[quantized_dimension] = len(scales)
    q = _to_symmetric_int8(weights / np.reshape(scales, broadcast_shape))
    return q, PerChannelQuantParam(scales, (0,) * len(scales), quantized_dimension)


def bias_scales(input_scale: float, weight_scales: tuple[float, ...]) -> tuple[float, ...]:
    """The scale of a bias is that of the products it is added to: input times weight."""
    return tuple(_float32(input_scale * weight_scale) for weight_scale in weight_scales)


def quantise_bias(bias: FloatArray, scales: tuple[float, ...]) -> npt.NDArray[np.int32]:
    """The int32 bias at :func:`bias_scales` (one for all, or one for each channel), zero point 0.

    Raises:
        ValueError: a value that does not fit into int32.
    """
    q = _round_half_away_from_zero(bias / np.asarray(scales))
    limits = np.iinfo(np.int32)
    if (q < limits.min).any() or (q > limits.max).any():
        raise ValueError("a bias does not fit into int32 at this scale")
    return q.astype(np.int32)


def add_activation(writer: ModelWriter, name: str, shape: tuple[int, ...], quant: QuantParam) -> Activation:
    """Adds an int8 tensor without content."""
    index = writer.tensor(name, shape, scale=quant.scale, zero_point=quant.zero_point)
    return Activation(index, shape, quant)


def add_conv2d(
    writer: ModelWriter, name: str, source: Activation, layer: Any, output: QuantParam, *, activation: str = "NONE"
) -> Activation:
    """Adds CONV_2D (SAME padding, stride 1) from a ``torch.nn.Conv2d`` of one group."""
    weights = _array(layer.weight).transpose(0, 2, 3, 1)  # [C_out, C_in, KH, KW] → [C_out, KH, KW, C_in]
    weights_index, bias_index = _add_per_channel_constants(writer, name, source, weights, _array(layer.bias), 0)
    target = add_activation(writer, name, (*source.shape[:3], weights.shape[0]), output)
    writer.conv2d(source.index, weights_index, bias_index, target.index, activation=activation)
    return target


def add_depthwise_conv2d(
    writer: ModelWriter, name: str, source: Activation, layer: Any, output: QuantParam, *, activation: str = "NONE"
) -> Activation:
    """Adds DEPTHWISE_CONV_2D (SAME padding, stride 1) from a ``torch.nn.Conv2d`` of one channel a group."""
    weights = _array(layer.weight).transpose(1, 2, 3, 0)  # [C, 1, KH, KW] → [1, KH, KW, C]
    weights_index, bias_index = _add_per_channel_constants(writer, name, source, weights, _array(layer.bias), 3)
    target = add_activation(writer, name, source.shape, output)
    writer.depthwise_conv2d(source.index, weights_index, bias_index, target.index, activation=activation)
    return target


def add_fully_connected(
    writer: ModelWriter, name: str, source: Activation, layer: Any, output: QuantParam, *, activation: str = "NONE"
) -> Activation:
    """Adds FULLY_CONNECTED from a ``torch.nn.Linear``, with one weight scale, which every version of TFLM accepts."""
    weights, quant = quantise_weights(_array(layer.weight))
    scales = bias_scales(source.quant.scale, (quant.scale,))
    bias = quantise_bias(_array(layer.bias), scales)
    weights_index = writer.tensor(f"{name}/weights", weights.shape, scale=quant.scale, data=weights)
    bias_index = writer.tensor(f"{name}/bias", bias.shape, "int32", scale=scales[0], data=bias)
    target = add_activation(writer, name, (source.shape[0], weights.shape[0]), output)
    writer.fully_connected(source.index, weights_index, bias_index, target.index, activation=activation)
    return target


def add_residual(
    writer: ModelWriter, name: str, first: Activation, second: Activation, output: QuantParam
) -> Activation:
    """Adds ADD (ReLU) of two tensors of one shape."""
    target = add_activation(writer, name, first.shape, output)
    writer.add(first.index, second.index, target.index, activation="RELU")
    return target


def add_max_pool_2x2(writer: ModelWriter, name: str, source: Activation) -> Activation:
    """Adds MAX_POOL_2D over 2x2 squares; pooling keeps its input's quantisation."""
    target = add_activation(writer, name, _halved(source.shape), source.quant)
    writer.max_pool_2d(source.index, target.index, filter_height=2, filter_width=2, stride_h=2, stride_w=2)
    return target


def add_average_pool_2x2(writer: ModelWriter, name: str, source: Activation) -> Activation:
    """Adds AVERAGE_POOL_2D over 2x2 squares; pooling keeps its input's quantisation."""
    target = add_activation(writer, name, _halved(source.shape), source.quant)
    writer.average_pool_2d(source.index, target.index, filter_height=2, filter_width=2, stride_h=2, stride_w=2)
    return target


def add_flatten(writer: ModelWriter, name: str, source: Activation) -> Activation:
    """Adds RESHAPE to ``[batch, everything else]``."""
    shape = (source.shape[0], int(np.prod(source.shape[1:])))
    target = add_activation(writer, name, shape, source.quant)
    target_shape = np.array(shape, np.int32)
    shape_index = writer.tensor(f"{name}/shape", target_shape.shape, "int32", data=target_shape)
    writer.reshape(source.index, target.index, new_shape=shape, shape=shape_index)
    return target


def add_softmax(writer: ModelWriter, name: str, source: Activation) -> Activation:
    """Adds SOFTMAX along the last axis."""
    target = add_activation(writer, name, source.shape, SOFTMAX_OUTPUT)
    writer.softmax(source.index, target.index)
    return target


def _add_per_channel_constants(
    writer: ModelWriter,
    name: str,
    source: Activation,
    weights: FloatArray,
    bias: FloatArray,
    quantized_dimension: int,
) -> tuple[int, int]:
    q_weights, quant = quantise_weights_per_channel(weights, quantized_dimension)
    scales = bias_scales(source.quant.scale, quant.scales)
    q_bias = quantise_bias(bias, scales)
    weights_index = writer.tensor(
        f"{name}/weights",
        q_weights.shape,
        scales=quant.scales,
        quantized_dimension=quantized_dimension,
        data=q_weights,
    )
    bias_index = writer.tensor(f"{name}/bias", q_bias.shape, "int32", scales=scales, data=q_bias)
    return weights_index, bias_index


def _array(parameter: Any) -> FloatArray:
    array: FloatArray = parameter.detach().numpy().astype(np.float64)
    return array


def _halved(shape: tuple[int, ...]) -> tuple[int, ...]:
    batch, height, width, channels = shape
    return batch, height // 2, width // 2, channels


def _symmetric_scale(weights: FloatArray) -> float:
    largest = float(np.abs(weights).max())
    return _float32(largest / INT8_MAX) if largest else 1.0  # all zero: any scale will do, but 0 is no scale


def _to_symmetric_int8(scaled: FloatArray) -> npt.NDArray[np.int8]:
    return np.clip(_round_half_away_from_zero(scaled), -INT8_MAX, INT8_MAX).astype(np.int8)


def _float32(value: float) -> float:
    """The value that the file will hold: quantising must use the scale that the kernels will read."""
    return float(np.float32(value))


def _round_half_away_from_zero(values: npt.ArrayLike) -> FloatArray:
    array = np.asarray(values, np.float64)
    rounded: FloatArray = np.trunc(array + np.copysign(0.5, array))
    return rounded
