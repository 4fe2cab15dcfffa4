"""DEPTHWISE_CONV_2D as steps of ``depthwise_sliding.h`` or ``depthwise_conv2d.h``; of one channel, of ``conv2d.h``."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import Int8Array, Int32Array
from ember_infer_native.kernels.conv2d import DENSE, plan_window
from ember_infer_native.kernels.copies import COPY, REPEAT
from ember_infer_native.kernels.depthwise_sliding import SLIDING, pack_taps, plan_sliding, rows_together
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.kernels.sums import pack_requantization, scale_sums
from ember_infer_native.kernels.windows import borders_of_the_input, prepare_window
from ember_infer_native.plan import Kernel, Layout, Place, Pointer, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_native.kernels.context import Context

__all__ = ["DEPTHWISE_CONV2D"]

_TAPS = Kernel("depthwise_conv2d", "depthwise_conv2d", "depthwise_conv2d", 3, ((1,), (2,)))


def _plan(
    context: Context,
    params: DepthwiseConv2dParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    window = prepare_window(context, _without_idle_strides(params), input, weights)
    params, input, weights, steps = window.params, window.input, window.weights, window.steps
    if input.layout.channels == 1:
        # An ordinary convolution of one channel, but for the order of the weights.
        filters = weights[0].transpose(2, 0, 1)[..., np.newaxis]
        return steps + plan_window(context, params, input, output, filters, bias)
    if params.depth_multiplier != 1:
        input, repeat = _repeat_channels(context, input, params.depth_multiplier)
        steps = [*steps, repeat]
    sliding = plan_sliding(context, params, input, output, weights, bias)
    if sliding is not None:
        return [*steps, sliding]
    columns, sort = _sort_columns(context, params, input)
    return [*steps, *sort, _plan_taps(context, params, columns, output, weights, bias)]


def _without_idle_strides(params: DepthwiseConv2dParams) -> DepthwiseConv2dParams:
    """The same call with a stride of 1 along an axis of one output, where it is never taken, however long it is."""
    used = copy.copy(params)
    _, rows, columns, _ = params.output_shape
    used.stride_h = params.stride_h if rows > 1 else 1
    used.stride_w = params.stride_w if columns > 1 else 1
    return used


def _work(params: DepthwiseConv2dParams) -> int:
    return element_count(params.output_shape) * element_count(params.weights_shape[1:-1])


DEPTHWISE_CONV2D = NativeOperator(
    _plan, (_TAPS, SLIDING, DENSE, COPY, REPEAT), lambda params: True, borders_of_the_input, _work
)


def _repeat_channels(context: Context, input: Place, times: int) -> tuple[Place, Step]:
    """A copy of the input, borders included, with each channel repeated: one for each output channel."""
    old = input.layout
    layout = Layout(old.images, old.rows, old.columns, old.channels * times, old.top, old.left, old.bottom, old.right)
    place = context.temporaries.allocate(layout)
    fields = {"count": old.size, "times": times}
    return place, Step(REPEAT, (), fields, (input.first + -old.start, place.first + -layout.start))


@dataclass(frozen=True, slots=True)
class _Columns:
    """An input whose columns may be sorted by their remainder modulo ``split``, so that neighbouring outputs read
    neighbouring columns.

    ``first`` is where the filter's first tap begins; ``phase`` the bytes from columns of one remainder to the next.
    """

    first: Pointer
    layout: Layout
    split: int = 1
    phase: int = 0


def _sort_columns(context: Context, params: DepthwiseConv2dParams, input: Place) -> tuple[_Columns, list[Step]]:
    layout, stride = input.layout, params.stride_w
    above, before = params.pad_h * layout.row, params.pad_w * layout.channels
    if stride == 1 or layout.channels % context.target.chunk == 0:
        return _Columns(input.first + -(above + before), layout), []
    # Borders come along: the copy starts at the filter's first column.
    skipped = layout.left - params.pad_w
    columns = layout.left + layout.columns + layout.right - skipped
    per_phase = -(-columns // stride)
    rows = layout.top + layout.rows + layout.bottom
    sorted_layout = Layout(layout.images, rows, stride * per_phase, layout.channels)
    place = context.temporaries.allocate(sorted_layout)
    phase = per_phase * layout.channels
    fields = {
        "images": layout.images,
        "rows": rows,
        "columns": columns,
        "pixel": layout.channels,
        "input_image": layout.image,
        "input_row": layout.row,
        "output_image": sorted_layout.image,
        "output_row": sorted_layout.row,
        "split": stride,
        "phase": phase,
        "flip": 0,
    }
    sort = Step(COPY, (), fields, (input.first + (skipped * layout.channels - layout.start), place.first))
    first = place.first + (layout.top - params.pad_h) * sorted_layout.row
    return _Columns(first, sorted_layout, stride, phase), [sort]


def _plan_taps(
    context: Context,
    params: DepthwiseConv2dParams,
    columns: _Columns,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> Step:
    target, layout, out = context.target, columns.layout, output.layout
    filters = weights[0].astype(np.int64)  # (KH, KW, C)
    filter_rows, filter_columns, channels = filters.shape
    scaled = scale_sums(context, params, filters.reshape(-1, channels).T, bias)
    choice = scaled.requantization.choice()
    period = channels // gcd(channels, target.chunk)
    whole_chunks = channels % target.chunk == 0
    together = rows_together(params, filter_rows, out.rows)
    order = target.lane_order(period) % channels
    packed = [pack_taps(target, filters, order, rows, 4) for rows in ((2, 1) if together == 2 else (1,))]
    in_lanes = scaled.map(lambda array: array[order])
    packed.append(pack_requantization(in_lanes, choice, len(order)))
    fields = {
        "images": out.images,
        "rows": out.rows,
        "chunks": -(-out.columns * channels // target.chunk),
        "row_bytes": out.columns * channels,
        "filter_rows": filter_rows,
        "filter_columns": filter_columns,
        "period": period,
        "input_image": layout.image,
        "input_row": params.stride_h * layout.row,
        "filter_row": params.dilation_h_factor * layout.row,
        "filter_pixel": channels,
        "dilation": params.dilation_w_factor,
        "split": columns.split,
        "phase": columns.phase,
        "column_step": params.stride_w * channels if whole_chunks else 0,
        "column_chunks": channels // target.chunk if whole_chunks else 0,
        "output_image": out.image,
        "output_row": out.row,
        **in_lanes.requantization.fields(choice, target, 4),
    }
    constants = context.constants.add(b"".join(packed))
    return Step(_TAPS, (together,), fields, (columns.first, output.first, constants))
