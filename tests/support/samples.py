"""Small hand-made models with known content, to be run, read back and damaged."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_tools.tflite_writer import ModelWriter


def every_operator() -> Any:
    """A ``ModelT`` of the official schema with each supported operator once or more; one input, one output."""
    random = np.random.default_rng(7)
    writer = ModelWriter()

    def weights(*shape: int) -> npt.NDArray[np.int8]:
        return random.integers(-127, 128, shape, np.int8)

    def bias(channels: int) -> npt.NDArray[np.int32]:
        return random.integers(-500, 500, channels, np.int32)

    image = writer.tensor("image", (1, 6, 5, 2), scale=0.5, zero_point=3)
    filters = writer.tensor("conv/filters", (4, 3, 3, 2), scales=[0.01, 0.02, 0.03, 0.04], data=weights(4, 3, 3, 2))
    conv_bias = writer.tensor("conv/bias", (4,), "int32", scales=[0.005, 0.01, 0.015, 0.02], data=bias(4))
    conv = writer.tensor("net/conv", (1, 3, 5, 4), scale=0.25, zero_point=-10)
    writer.conv2d(image, filters, conv_bias, conv, stride_h=2, activation="RELU")
    taps = writer.tensor(
        "depthwise/filters", (1, 2, 3, 4), scales=[0.1, 0.2, 0.1, 0.2], quantized_dimension=3, data=weights(1, 2, 3, 4)
    )
    depthwise = writer.tensor("net/depthwise", (1, 2, 3, 4), scale=2.0, zero_point=5)
    writer.depthwise_conv2d(conv, taps, None, depthwise, padding="VALID")
    largest = writer.tensor("net/max_pool", (1, 2, 3, 4), scale=2.0, zero_point=5)
    writer.max_pool_2d(depthwise, largest, filter_height=2, filter_width=2, padding="SAME")
    average = writer.tensor("net/average_pool", (1, 1, 2, 4), scale=2.0, zero_point=5)
    writer.average_pool_2d(largest, average, filter_height=2, filter_width=2)
    offsets = writer.tensor("offsets", (4,), scale=1.0, zero_point=0, data=np.array([1, -2, 3, 90], np.int8))
    total = writer.tensor("net/add", (1, 1, 2, 4), scale=2.5, zero_point=-3)
    writer.add(average, offsets, total)
    product = writer.tensor("net/mul", (1, 1, 2, 4), scale=100.0, zero_point=0)
    writer.mul(total, average, product, activation="RELU6")
    flat = writer.tensor("net/reshape", (1, 8), scale=100.0, zero_point=0)
    writer.reshape(product, flat, new_shape=(1, -1))
    matrix = writer.tensor("dense/weights", (3, 8), scale=0.02, data=weights(3, 8))
    dense_bias = writer.tensor("dense/bias", (3,), "int32", scale=2.0, data=bias(3))
    logits = writer.tensor("net/dense", (1, 3), scale=8.0, zero_point=0)
    writer.fully_connected(flat, matrix, dense_bias, logits)
    classes = writer.tensor("net/softmax", (1, 3), scale=1 / 256, zero_point=-128)
    writer.softmax(logits, classes, beta=0.5)
    return writer.model([image], [classes], "every operator")


def two_branches() -> Any:
    """A ``ModelT`` with two inputs, two outputs, a tensor read twice and a reshape by tensor."""
    writer = ModelWriter()
    first = writer.tensor("first", (2, 3), scale=0.5, zero_point=1)
    second = writer.tensor("second", (2, 1), scale=0.25, zero_point=-1)
    total = writer.tensor("total", (2, 3), scale=0.6, zero_point=2)
    writer.add(first, second, total)
    squares = writer.tensor("squares", (2, 3), scale=10.0, zero_point=0)
    writer.mul(total, total, squares)
    target = writer.tensor("target", (1,), "int32", data=np.array([-1], np.int32))
    row = writer.tensor("row", (6,), scale=0.6, zero_point=2)
    writer.reshape(total, row, shape=target)
    return writer.model([first, second], [squares, row], "two branches")
