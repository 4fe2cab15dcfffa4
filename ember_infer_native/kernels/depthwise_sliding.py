"""DEPTHWISE_CONV_2D with a filter of three columns as a step of ``depthwise_sliding.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ember_infer_core.slots import Int8Array, Int32Array
from ember_infer_native.kernels.sums import pack_requantization, scale_sums
from ember_infer_native.plan import Kernel, Place, Step
from ember_infer_native.targets import Target

if TYPE_CHECKING:
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_native.kernels.context import Context

__all__ = ["SLIDING", "pack_taps", "plan_sliding", "rows_together"]

_WIDE = 4  # vectors of a chunk
_VARIANTS = tuple((vectors, stride) for vectors in (1, 2, _WIDE) for stride in (1, 2))
SLIDING = Kernel("depthwise_sliding", "depthwise_sliding", "depthwise_sliding", 3, _VARIANTS)


def plan_sliding(
    context: Context,
    params: DepthwiseConv2dParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> Step | None:
    """The step, over an input with borders; None where the filter does not slide along pixels of whole vectors."""
    target, layout, out = context.target, input.layout, output.layout
    filters = weights[0].astype(np.int64)  # (KH, KW, C)
    filter_rows, filter_columns, channels = filters.shape
    vectors, dilation = _vectors(target, channels, params.dilation_w_factor), params.dilation_w_factor
    if vectors is None or filter_columns != 3 or filter_rows > 4 or params.stride_w not in (dilation, 2 * dilation):
        return None
    stride = params.stride_w // dilation
    scaled = scale_sums(context, params, filters.reshape(-1, channels).T, bias)
    choice = scaled.requantization.choice()
    together = rows_together(params, filter_rows, out.rows) if stride == 1 else 1
    order = target.lane_order(channels // target.chunk) if vectors == _WIDE else target.vector_order(vectors)
    packed = [pack_taps(target, filters, order, rows, vectors) for rows in ((2, 1) if together == 2 else (1,))]
    in_lanes = scaled.map(lambda array: array[order])
    packed.append(pack_requantization(in_lanes, choice, len(order)))
    fields = {
        "images": out.images,
        "rows": out.rows,
        "paired_rows": out.rows // 2 * 2 if together == 2 else 0,
        "columns": out.columns,
        "channels": channels,
        "filter_rows": filter_rows,
        "input_image": layout.image,
        "input_row": params.stride_h * layout.row,
        "filter_row": params.dilation_h_factor * layout.row,
        "filter_pixel": dilation * channels,
        "output_image": out.image,
        "output_row": out.row,
        **in_lanes.requantization.fields(choice, target, vectors),
    }
    first = input.first + -(params.pad_h * layout.row + params.pad_w * layout.channels)
    constants = context.constants.add(b"".join(packed))
    return Step(SLIDING, (vectors, stride), fields, (first, output.first, constants))


def rows_together(params: DepthwiseConv2dParams, filter_rows: int, rows: int) -> int:
    """How many rows of the output share their quads: three rows of the filter leave room for a fourth."""
    return 2 if filter_rows == 3 and params.stride_h * params.dilation_h_factor == 1 and rows > 1 else 1


def pack_taps(
    target: Target, filters: npt.NDArray[np.int64], order: npt.NDArray[np.intp], together: int, vectors: int
) -> bytes:
    """For each group of so many vectors: column of the filter, group of four rows, output row, vector, lane, four
    bytes.
    """
    rows, columns, _ = filters.shape
    groups = -(-rows // 4)
    quads: npt.NDArray[np.int8] = np.zeros((together, groups * 4, columns, len(order)), np.int8)
    for output_row in range(together):
        quads[output_row, output_row : output_row + rows] = filters[:, :, order]
    cut = quads.reshape(together, groups, 4, columns, -1, vectors, target.lanes)
    return target.pack_quads(np.ascontiguousarray(cut.transpose(4, 3, 1, 0, 5, 6, 2)))


def _vectors(target: Target, channels: int, dilation: int) -> int | None:
    """Of a pixel, as the kernel counts them: 1, 2, or those of a chunk."""
    if channels % target.chunk == 0:
        return _WIDE
    return channels // target.lanes if channels in (target.lanes, 2 * target.lanes) and dilation == 1 else None
