"""TRANSPOSE_CONV as steps of ``conv2d.h``: one convolution for each phase of the output's pixels.

Output pixel ``o`` along an axis meets tap ``i`` where ``o + pad - i`` is a multiple of the stride. So the pixels with
one remainder of ``o + pad`` (a phase) all meet the same taps, every stride-th of the filter, and from one such pixel to
the next the input moves by one: that is a convolution of stride 1, with these taps in reverse.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import Int8Array, Int32Array
from ember_infer_native.kernels.conv2d import DENSE, Geometry, plan_dense
from ember_infer_native.kernels.copies import COPY
from ember_infer_native.kernels.operator import Borders, NativeOperator
from ember_infer_native.kernels.sums import scale_sums
from ember_infer_native.kernels.windows import with_borders
from ember_infer_native.plan import Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.transpose_conv import TransposeConvParams
    from ember_infer_native.kernels.context import Context

__all__ = ["TRANSPOSE_CONV"]


@dataclass(frozen=True, slots=True)
class _Phase:
    """Output elements of an axis that meet the same taps.

    Attributes:
        first, count: of the output's elements, which are a stride apart.
        taps: in the order in which the input's elements meet them.
        start: the input's element at the first of the taps, for the first output element; may lie before the input.
    """

    first: int
    count: int
    taps: range
    start: int

    @property
    def end(self) -> int:
        """One beyond the last of the input's elements that this phase reads."""
        return self.start + self.count + len(self.taps) - 1


def _phases(outputs: int, taps: int, stride: int, pad: int) -> list[_Phase]:
    """The phases that meet any tap: no more than there are taps."""
    found = []
    for remainder in range(min(stride, taps)):
        first = (remainder - pad) % stride
        if first >= outputs:
            continue
        last_tap = remainder + (taps - 1 - remainder) // stride * stride
        count = -(-(outputs - first) // stride)
        meets = range(last_tap, -1, -stride)
        found.append(_Phase(first, count, meets, (first + pad - last_tap) // stride))
    return found


def _axes(params: TransposeConvParams) -> tuple[list[_Phase], list[_Phase]]:
    _, taps_h, taps_w, _ = params.weights_shape
    _, rows, columns, _ = params.output_shape
    return _phases(rows, taps_h, params.stride_h, params.pad_h), _phases(columns, taps_w, params.stride_w, params.pad_w)


def _borders(params: TransposeConvParams) -> Borders:
    """Around the input, where the filter meets pixels that do not exist."""
    rows, columns = _axes(params)
    before = [max((-phase.start for phase in phases), default=0) for phases in (rows, columns)]
    after = [
        max((phase.end - size for phase in phases), default=0)
        for phases, size in zip((rows, columns), params.input_shape[1:3], strict=True)
    ]
    top, left, bottom, right = (max(size, 0) for size in (*before, *after))
    return Borders(top, left, bottom, right, -params.input_offset)


def _plan(
    context: Context,
    params: TransposeConvParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    input, steps = with_borders(context, _borders(params), input)
    rows, columns = _axes(params)
    if params.stride_h > params.weights_shape[1] or params.stride_w > params.weights_shape[2]:
        steps += _plan_untouched(context, params, input, output, bias)
    for row, column in itertools.product(rows, columns):
        steps += _plan_phase(context, params, (row, column), input, output, weights, bias)
    return steps


def _plan_phase(
    context: Context,
    params: TransposeConvParams,
    phase: tuple[_Phase, _Phase],
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    row, column = phase
    layout, out = input.layout, output.layout
    filters = len(weights)
    taps = weights[:, list(row.taps)][:, :, list(column.taps)].astype(np.int64)
    geometry = Geometry(
        images=out.images,
        rows=row.count,
        columns=column.count,
        input_image=layout.image,
        input_row=layout.row,
        input_pixel=layout.channels,
        segment_row=layout.row,
        segment_column=0,
        output_image=out.image,
        output_row=params.stride_h * out.row,
        output_pixel=params.stride_w * out.channels,
    )
    return plan_dense(
        context,
        geometry,
        taps.reshape(filters, len(row.taps), 1, -1),
        scale_sums(context, params, taps.reshape(filters, -1), bias),
        input.first + (row.start * layout.row + column.start * layout.channels),
        output.first + (row.first * out.row + column.first * out.channels),
        packable=True,
    )


def _plan_untouched(
    context: Context, params: TransposeConvParams, input: Place, output: Place, bias: Int32Array | None
) -> list[Step]:
    """Every pixel as it is where the filter leaves gaps: sums of nothing."""
    layout, filters = output.layout, params.weights_shape[0]
    geometry = Geometry(
        images=layout.images,
        rows=layout.rows,
        columns=layout.columns,
        input_image=0,
        input_row=0,
        input_pixel=0,
        segment_row=0,
        segment_column=0,
        output_image=layout.image,
        output_row=layout.row,
        output_pixel=layout.channels,
    )
    nothing = np.zeros((filters, 1), np.int64)
    scaled = scale_sums(context, params, nothing, bias)
    return plan_dense(context, geometry, nothing.reshape(filters, 1, 1, 1), scaled, input.first, output.first)


def _work(params: TransposeConvParams) -> int:
    return element_count(params.input_shape) * element_count(params.weights_shape[:3])


TRANSPOSE_CONV = NativeOperator(
    _plan, (DENSE, COPY), lambda params: True, lambda params: {"input": _borders(params)}, _work
)
