"""Operators that move elements, for random graphs: each draws its attributes and returns an output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tests.support.models import Activation, ModelDrawer

__all__ = ["MOVEMENT_OPERATORS"]

Shape = tuple[int, ...]


def _write(
    drawer: ModelDrawer,
    name: str,
    inputs: list[int],
    like: Activation,
    shape: Shape,
    **options: Any,
) -> Activation:
    """The operator with one output, quantised as ``like``."""
    output = drawer.activation(shape, like.scale, like.zero_point)
    drawer.writer.operator(name, inputs, [output.index], **options)
    drawer.listing.append(f"  {name} {options}: {inputs} -> {output.index}")
    return output


def _whole(drawer: ModelDrawer, data: Any) -> int:
    array = np.array(data, np.int32)
    name = f"numbers{len(drawer.listing)}"
    index: int = drawer.writer.tensor(name, array.shape, "int32", data=array)
    drawer.listing.append(f"  {index}: {array.tolist()}")
    return index


def concatenation(drawer: ModelDrawer, input: Activation) -> Activation:
    """The input twice, side by side."""
    axis = drawer.integer(0, len(input.shape) - 1)
    shape = tuple(size * (2 if place == axis else 1) for place, size in enumerate(input.shape))
    return _write(drawer, "CONCATENATION", [input.index, input.index], input, shape, axis=axis)


def gather(drawer: ModelDrawer, input: Activation) -> Activation:
    axis = drawer.integer(0, len(input.shape) - 1)
    chosen = [drawer.integer(0, input.shape[axis] - 1) for _ in range(drawer.integer(1, 3))]
    shape = (*input.shape[:axis], len(chosen), *input.shape[axis + 1 :])
    return _write(drawer, "GATHER", [input.index, _whole(drawer, chosen)], input, shape, axis=axis)


def pad(drawer: ModelDrawer, input: Activation) -> Activation:
    paddings = [(drawer.integer(0, 1), drawer.integer(0, 2)) for _ in input.shape]
    shape = tuple(size + sum(pair) for size, pair in zip(input.shape, paddings, strict=True))
    return _write(drawer, "PAD", [input.index, _whole(drawer, paddings)], input, shape)


def resize_nearest_neighbor(drawer: ModelDrawer, input: Activation) -> Activation:
    """Images alone."""
    size = drawer.integer(1, 9), drawer.integer(1, 9)
    shape = (input.shape[0], *size, input.shape[3])
    flags: dict[str, Any] = {"align_corners": drawer.flag(), "half_pixel_centers": drawer.flag()}
    return _write(drawer, "RESIZE_NEAREST_NEIGHBOR", [input.index, _whole(drawer, size)], input, shape, **flags)


def split(drawer: ModelDrawer, input: Activation) -> Activation:
    """One part of several; nobody reads the others."""
    divisible = [axis for axis, size in enumerate(input.shape) if size > 1] or [0]
    axis = drawer.one_of(divisible)
    count = drawer.one_of([n for n in range(1, 7) if input.shape[axis] % n == 0])
    shape = (*input.shape[:axis], input.shape[axis] // count, *input.shape[axis + 1 :])
    outputs = [drawer.activation(shape, input.scale, input.zero_point) for _ in range(count)]
    inputs = [_whole(drawer, axis), input.index]
    drawer.writer.operator("SPLIT", inputs, [output.index for output in outputs], num_splits=count)
    drawer.listing.append(f"  SPLIT: {inputs} -> {[output.index for output in outputs]}")
    return drawer.one_of(outputs)


def strided_slice(drawer: ModelDrawer, input: Activation) -> Activation:
    strides = [drawer.one_of((1, 1, 2, -1)) for _ in input.shape]
    shape = tuple((size + abs(stride) - 1) // abs(stride) for size, stride in zip(input.shape, strides, strict=True))
    unread = [0] * len(shape)
    inputs = [input.index, _whole(drawer, unread), _whole(drawer, unread), _whole(drawer, strides)]
    every = 2 ** len(shape) - 1
    return _write(drawer, "STRIDED_SLICE", inputs, input, shape, begin_mask=every, end_mask=every)


def transpose(drawer: ModelDrawer, input: Activation) -> Activation:
    perm = sorted(range(len(input.shape)), key=lambda axis: (drawer.integer(0, 3), axis))
    shape = tuple(input.shape[axis] for axis in perm)
    return _write(drawer, "TRANSPOSE", [input.index, _whole(drawer, perm)], input, shape)


MOVEMENT_OPERATORS: Mapping[str, Callable[[ModelDrawer, Activation], Activation]] = {
    "concatenation": concatenation,
    "gather": gather,
    "pad": pad,
    "resize_nearest_neighbor": resize_nearest_neighbor,
    "split": split,
    "strided_slice": strided_slice,
    "transpose": transpose,
}
