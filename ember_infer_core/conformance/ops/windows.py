"""Windows that slide over an image: what convolutions and pools share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from ember_infer_core.conformance.cases import Definition, Params, Rule
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.mistakes import changed, constant, swapped
from ember_infer_core.ops.windows import Padding, compute_padding
from ember_infer_core.slots import Int8Array

__all__ = ["CONVOLUTION", "WINDOW", "draw_window", "kernel_of", "output_size", "padding_total", "window_slices"]

Slices: TypeAlias = tuple[slice, slice, slice]


def draw_window(
    drawer: CaseDrawer, height: int, width: int, dilations: tuple[int, ...] = (1, 1, 2)
) -> tuple[tuple[int, int], dict[str, Any]]:
    """The size of a kernel, and the attributes of a window that fits the image: padding, strides, dilations."""
    kernel = drawer.one_of(drawer.integer(1, 4), 3), drawer.one_of(drawer.integer(1, 4), 3)
    stride = drawer.integer(1, 3), drawer.integer(1, 3)
    dilation = drawer.one_of(*dilations), drawer.one_of(*dilations)
    fits = all((k - 1) * d < size for k, d, size in zip(kernel, dilation, (height, width), strict=True))
    padding = drawer.one_of(Padding.SAME, Padding.VALID) if fits else Padding.SAME
    return kernel, {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "dilation_h_factor": dilation[0],
        "dilation_w_factor": dilation[1],
    }


def output_size(image: tuple[int, int], kernel: tuple[int, int], attributes: Mapping[str, Any]) -> tuple[int, int]:
    """Rows and columns of the output of a window with these attributes, where missing ones are at their plainest."""
    padding = attributes.get("padding", Padding.VALID)
    strides = attributes.get("stride_h", 1), attributes.get("stride_w", 1)
    dilations = attributes.get("dilation_h_factor", 1), attributes.get("dilation_w_factor", 1)
    rows, columns = (compute_padding(padding, *axis)[0] for axis in zip(image, kernel, strides, dilations, strict=True))
    return rows, columns


def window_slices(params: Params, kernel: tuple[int, int]) -> list[tuple[int, int, Slices, Slices]]:
    """For each tap of a window ``(row tap, column tap, outputs that see it inside the image, pixels they see)``."""
    _, height, width, _ = params.input_shape
    _, output_height, output_width, _ = params.output_shape
    dilation_h, dilation_w = getattr(params, "dilation_h_factor", 1), getattr(params, "dilation_w_factor", 1)
    found = []
    for i, j in np.ndindex(*kernel):
        rows = _inside(i * dilation_h - params.pad_h, params.stride_h, height, output_height)
        columns = _inside(j * dilation_w - params.pad_w, params.stride_w, width, output_width)
        if rows and columns:
            found.append((i, j, (slice(None), rows[0], columns[0]), (slice(None), rows[1], columns[1])))
    return found


def _inside(start: int, stride: int, size: int, outputs: int) -> tuple[slice, slice] | None:
    """The outputs ``o`` with ``0 <= start + o * stride < size``, and those places; None if there are none."""
    first = max(0, -(start // stride))
    last = min(outputs - 1, (size - 1 - start) // stride)
    if first > last:
        return None
    return slice(first, last + 1), slice(start + first * stride, start + last * stride + 1, stride)


def kernel_of(params: Params) -> tuple[int, int]:
    """Rows and columns of the window."""
    if hasattr(params, "weights_shape"):
        height, width = params.weights_shape[1:3]
        return height, width
    return params.filter_height, params.filter_width


def padding_total(params: Params) -> tuple[int, int]:
    """Rows and columns that SAME padding adds in all."""
    dilation = getattr(params, "dilation_h_factor", 1), getattr(params, "dilation_w_factor", 1)
    strides, outputs, sizes = (params.stride_h, params.stride_w), params.output_shape[1:3], params.input_shape[1:3]
    needed = (
        max(0, (output - 1) * stride + (taps - 1) * spread + 1 - size)
        for output, stride, taps, spread, size in zip(outputs, strides, kernel_of(params), dilation, sizes, strict=True)
    )
    rows, columns = needed
    return (rows, columns) if params.padding is Padding.SAME else (0, 0)


# Mistakes.


def _larger_half_first(params: Params) -> dict[str, Any]:
    rows, columns = padding_total(params)
    return {"pad_h": rows - rows // 2, "pad_w": columns - columns // 2}


def _unpadded(params: Params, image: Int8Array) -> Params:
    """The same window over an image that brings its padding along."""
    return dataclasses.replace(params, input=image, input_shape=image.shape, pad_h=0, pad_w=0, padding=Padding.VALID)


def _padded_with(value: Callable[[Params], int]) -> Rule:
    """Taps outside the image read a value that is not the input's zero point."""

    def rule(define: Definition, params: Params) -> Result | None:
        rows, columns = padding_total(params)
        if not rows + columns:
            return None
        pads = [(0, 0), (params.pad_h, rows - params.pad_h), (params.pad_w, columns - params.pad_w), (0, 0)]
        return define(_unpadded(params, np.pad(params.input, pads, constant_values=value(params))))

    return rule


def _transposed_weights(params: Params) -> dict[str, Any] | None:
    height, width = kernel_of(params)
    return {"weights": params.weights.swapaxes(1, 2)} if height == width else None


WINDOW: Mapping[str, Rule] = {
    "an odd SAME padding has its larger half before the image instead of after it": changed(_larger_half_first),
    "padding ignored: the window starts at the image's corner": constant(pad_h=0, pad_w=0),
    "strides of rows and columns swapped": swapped("stride_h", "stride_w"),
    "padding of rows and columns swapped": swapped("pad_h", "pad_w"),
}
CONVOLUTION: Mapping[str, Rule] = {
    **WINDOW,
    "dilation ignored: as if it were 1": constant(dilation_h_factor=1, dilation_w_factor=1),
    "dilations of rows and columns swapped": swapped("dilation_h_factor", "dilation_w_factor"),
    "padding filled with 0 instead of the input's zero point": _padded_with(lambda params: 0),
    "padding filled with the input's offset instead of its zero point": _padded_with(
        lambda params: int(np.clip(params.input_offset, -128, 127))
    ),
    "rows and columns of the weights swapped": changed(_transposed_weights),
}
