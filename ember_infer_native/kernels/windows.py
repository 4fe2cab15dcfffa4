"""What operators share whose window slides over an image with borders: convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ember_infer_native.kernels.copies import copy_between
from ember_infer_native.kernels.operator import Borders
from ember_infer_native.plan import Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.sums import WindowedSumParams
    from ember_infer_core.slots import Int8Array
    from ember_infer_native.kernels.context import Context

__all__ = ["Windowed", "borders_of_the_input", "prepare_window", "with_borders"]

ParamsT = TypeVar("ParamsT", bound="WindowedSumParams")


@dataclass(frozen=True, slots=True)
class Windowed(Generic[ParamsT]):
    """A layer made ready: no tap of its filter is idle, and its input has the borders that they read.

    ``steps`` have to come first.
    """

    params: ParamsT
    input: Place
    weights: Int8Array
    steps: list[Step]


def borders_of_the_input(params: WindowedSumParams) -> Mapping[str, Borders]:
    """The borders that the filter reads; see :class:`~ember_infer_native.kernels.operator.NativeOperator`."""
    return {"input": _wanted_borders(_without_idle_taps(params)[0])}


def prepare_window(context: Context, params: ParamsT, input: Place, weights: Int8Array) -> Windowed[ParamsT]:
    """Leaves out idle taps, and copies an input that lacks borders."""
    params, taps = _without_idle_taps(params)
    place, steps = with_borders(context, _wanted_borders(params), input)
    return Windowed(params, place, _useful_weights(weights, taps), steps)


def _wanted_borders(params: WindowedSumParams) -> Borders:
    """Rows above, columns left, rows below and columns right of the image that the filter reads."""
    filter_rows, filter_columns = params.weights_shape[1:3]
    _, rows, columns, _ = params.input_shape
    _, output_rows, output_columns, _ = params.output_shape
    last_row = (output_rows - 1) * params.stride_h + (filter_rows - 1) * params.dilation_h_factor
    last_column = (output_columns - 1) * params.stride_w + (filter_columns - 1) * params.dilation_w_factor
    below, right = last_row - params.pad_h - (rows - 1), last_column - params.pad_w - (columns - 1)
    return Borders(max(params.pad_h, 0), max(params.pad_w, 0), max(below, 0), max(right, 0), -params.input_offset)


def _without_idle_taps(params: ParamsT) -> tuple[ParamsT, tuple[slice, slice]]:
    """The same layer without those rows and columns of its filter that lie beyond the image wherever the filter stands,
    and which rows and columns are left.

    Dilation may put taps any distance apart; those that are left need no more borders than the image has rows and
    columns. Of a filter without any such tap one is left, at the image, for the caller to make zero.
    """
    _, filter_rows, filter_columns, depth = params.weights_shape
    strides, dilations = (params.stride_h, params.stride_w), (params.dilation_h_factor, params.dilation_w_factor)
    (rows, pad_h), (columns, pad_w) = map(
        _useful_taps,
        (filter_rows, filter_columns),
        params.input_shape[1:3],
        params.output_shape[1:3],
        strides,
        dilations,
        (params.pad_h, params.pad_w),
    )
    if rows.start == rows.stop or columns.start == columns.stop:
        rows, columns, pad_h, pad_w = slice(0, 0), slice(0, 0), 0, 0
    shape = params.weights_shape[0], max(rows.stop - rows.start, 1), max(columns.stop - columns.start, 1), depth
    return replace(params, weights_shape=shape, pad_h=pad_h, pad_w=pad_w), (rows, columns)


def _useful_taps(taps: int, size: int, outputs: int, stride: int, dilation: int, pad: int) -> tuple[slice, int]:
    """Along one axis: the taps that meet the image, and the padding before the first of them."""
    first = max(-(((outputs - 1) * stride - pad) // dilation), 0)
    last = min((size - 1 + pad) // dilation, taps - 1)
    return slice(first, max(last + 1, first)), pad - first * dilation


def _useful_weights(weights: npt.NDArray[np.int8], taps: tuple[slice, slice]) -> npt.NDArray[np.int8]:
    useful = weights[:, taps[0], taps[1]]
    return useful if useful.size else np.zeros((weights.shape[0], 1, 1, weights.shape[3]), np.int8)


def with_borders(context: Context, borders: Borders, input: Place) -> tuple[Place, list[Step]]:
    """The input itself, or a copy where it lacks borders, and the steps that make it."""
    top, left, bottom, right = borders.top, borders.left, borders.bottom, borders.right
    layout = input.layout
    if top <= layout.top and left <= layout.left and bottom <= layout.bottom and right <= layout.right:
        return input, []
    bordered = replace(layout, top=top, left=left, bottom=bottom, right=right)
    place = context.temporaries.allocate(bordered, context.target.bias + borders.value)
    return place, [copy_between(input, place)]
