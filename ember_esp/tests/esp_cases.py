"""Calls and models for the tests of ember_esp."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ember_esp import EspBackend
from ember_infer_core import KernelBackend, ModelWarning, Program
from ember_infer_macros import load_program
from ember_infer_tools.tflite_writer import ModelWriter

Int8Array = npt.NDArray[np.int8]
Params = TypeVar("Params", bound=Any)


def memory(length: int, offset: int = 0) -> npt.NDArray[np.uint8]:
    """Bytes that start ``offset`` bytes after a multiple of 16."""
    whole = np.zeros(length + 32, np.uint8)
    start = -whole.ctypes.data % 16 + offset
    return whole[start : start + length]


def placed(array: Int8Array, offset: int = 0) -> Int8Array:
    """A copy that starts ``offset`` bytes after a multiple of 16."""
    copied = memory(array.size, offset).view(np.int8).reshape(array.shape)
    copied[...] = array
    return copied


def bound(params: Params, backend: type[KernelBackend] = EspBackend, offset: int = 0) -> Params:
    """A copy of a call with all that a device asks for: aligned scratch, inputs ``offset`` bytes off, a new output."""
    call = copy.copy(params)
    for operand in call.OPERANDS:
        if operand.name.startswith("input"):
            setattr(call, operand.name, placed(getattr(call, operand.name), offset))
    call.output = np.full_like(params.output, 77)
    call.scratch = memory(params.scratch_size(backend))
    return call


def output_of(method: Callable[[Any], None], call: Any) -> Int8Array:
    method(call)
    result: Int8Array = call.output
    return result


def published(path: Path) -> Program:
    """A published model; some carry values without a meaning, of which we are warned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        return load_program(path)


def convolution_model(
    input_shape: tuple[int, ...],
    filters: int,
    kernel: tuple[int, int],
    *,
    depthwise: bool = False,
    name: str = "layer",
    output_scale: float = 1.0,
    depth: int | None = None,
    biased: bool = True,
    **options: Any,
) -> Program:
    """A program of one convolution, with random weights and a bias of zeros."""
    random = np.random.default_rng(3)
    writer = ModelWriter()
    batch, height, width, channels = input_shape
    stride_h, stride_w = options.get("stride_h", 1), options.get("stride_w", 1)
    reach = [(size - 1) * options.get(f"dilation_{axis}_factor", 1) for size, axis in zip(kernel, "hw", strict=True)]
    if options.get("padding", "SAME") == "VALID":
        height, width = height - reach[0], width - reach[1]
    output_shape = (batch, -(-height // stride_h), -(-width // stride_w), filters)
    shape = (1, *kernel, filters) if depthwise else (filters, *kernel, depth or channels)
    image = writer.tensor("image", input_shape, scale=0.5, zero_point=-3)
    weights = writer.tensor("weights", shape, scale=0.02, data=random.integers(-127, 128, shape, np.int8))
    bias = writer.tensor("bias", (filters,), "int32", scale=0.01, data=np.zeros(filters, np.int32)) if biased else None
    output = writer.tensor(name, output_shape, scale=output_scale, zero_point=4)
    write = writer.depthwise_conv2d if depthwise else writer.conv2d
    if depthwise:
        options["depth_multiplier"] = filters // channels
    write(image, weights, bias, output, **options)
    return load_program(writer.finish([image], [output]))


def pool_model(kind: str, input_shape: tuple[int, ...], size: int, padding: str = "VALID") -> Program:
    """A program of one pool, at stride 1."""
    return load_program(pool_file(kind, input_shape, size, padding))


def pool_file(kind: str, input_shape: tuple[int, ...], size: int, padding: str = "VALID") -> bytes:
    """The file of such a program."""
    writer = ModelWriter()
    batch, height, width, channels = input_shape
    less = size - 1 if padding == "VALID" else 0
    image = writer.tensor("image", input_shape, scale=0.5, zero_point=0)
    output = writer.tensor("pool", (batch, height - less, width - less, channels), scale=0.5, zero_point=0)
    write = writer.max_pool_2d if kind == "max_pool" else writer.average_pool_2d
    write(image, output, filter_height=size, filter_width=size, padding=padding)
    return writer.finish([image], [output])
