"""CONV_2D, and whatever else sums over all channels, as steps of ``conv2d.h``."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import Int8Array, Int32Array
from ember_infer_core.staircase import Int64Array
from ember_infer_native.kernels.copies import COPY
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.kernels.sums import Scaled, pack_requantization, scale_sums
from ember_infer_native.kernels.windows import borders_of_the_input, prepare_window
from ember_infer_native.plan import Kernel, Place, Pointer, Step
from ember_infer_native.requantization import Choice

if TYPE_CHECKING:
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.ops.sums import WindowedSumParams
    from ember_infer_native.kernels.context import Context

__all__ = ["CONV2D", "DENSE", "GENERIC_TILE", "Geometry", "pack_weights", "plan_dense", "plan_window", "tiles"]

# The one tile of the operators' library: a pixel at a time, with sums that take turns.
GENERIC_TILE = (1, 0, 1, 0, 4)
DENSE = Kernel("conv2d", "conv2d", "conv2d", 3, (GENERIC_TILE,))

_MOST_VECTORS = 4
_FEW_PRODUCTS = 64  # of a sum, which then takes about as long to requantise
_LATENCY = 6  # independent sums that keep the multiplier busy


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the sums of a layer find their bytes: steps in bytes; see ``conv2d.h``."""

    images: int
    rows: int
    columns: int
    input_image: int
    input_row: int
    input_pixel: int
    segment_row: int
    segment_column: int
    output_image: int
    output_row: int
    output_pixel: int


def _plan(
    context: Context,
    params: Conv2dParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    window = prepare_window(context, params, input, weights)
    return window.steps + plan_window(
        context, window.params, window.input, output, window.weights, bias, groups=params.groups
    )


def _work(params: Conv2dParams) -> int:
    return element_count(params.output_shape) * element_count(params.weights_shape[1:])


CONV2D = NativeOperator(_plan, (DENSE, COPY), lambda params: True, borders_of_the_input, _work)


def plan_window(
    context: Context,
    params: WindowedSumParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
    *,
    groups: int = 1,
) -> list[Step]:
    """Steps for a window that slides over an image with borders, its weights ``(C_out, KH, KW, C_in / groups)``."""
    filters, rows, columns, depth = weights.shape
    layout, out = input.layout, output.layout
    pixel, first = layout.channels, input.first + -(params.pad_h * layout.row + params.pad_w * layout.channels)
    touching = groups == 1 and params.dilation_w_factor == 1
    shape = (filters, rows, 1, columns * depth) if touching else weights.shape
    geometry = Geometry(
        images=out.images,
        rows=out.rows,
        columns=out.columns,
        input_image=layout.image,
        input_row=params.stride_h * layout.row,
        input_pixel=params.stride_w * pixel,
        segment_row=params.dilation_h_factor * layout.row,
        segment_column=params.dilation_w_factor * pixel,
        output_image=out.image,
        output_row=out.row,
        output_pixel=out.channels,
    )
    segments = weights.astype(np.int64).reshape(shape)
    scaled = scale_sums(context, params, segments.reshape(filters, -1), bias)
    steps: list[Step] = []
    per_group = filters // groups
    for group in range(groups):
        part = slice(group * per_group, (group + 1) * per_group)
        steps += plan_dense(
            context,
            geometry,
            segments[part],
            scaled.map(operator.itemgetter(part)),
            first + group * depth,
            output.first + group * per_group,
            packable=touching,
        )
    return steps


def plan_dense(
    context: Context,
    geometry: Geometry,
    segments: Int64Array,
    scaled: Scaled,
    input: Pointer,
    output: Pointer,
    packable: bool = False,
) -> list[Step]:
    """Steps for sums of ``segments`` ``(C_out, segment rows, segment columns, bytes of a segment)``.

    ``packable``: a pixel's segments are runs of whole neighbouring pixels, so that several outputs can be computed as
    one with more channels.
    """
    if packable:
        geometry, segments, scaled = _pack_pixels(context.target.lanes, geometry, segments, scaled)
    geometry = _flatten(geometry)
    steps = []
    for part, choice in scaled.requantization.runs(context.target.lanes):
        some = scaled.map(operator.itemgetter(part))
        steps.append(_plan_run(context, geometry, segments[part], some, choice, input, output + part.start))
    return steps


def _plan_run(
    context: Context,
    geometry: Geometry,
    segments: Int64Array,
    scaled: Scaled,
    choice: Choice,
    input: Pointer,
    output: Pointer,
) -> Step:
    target = context.target
    channels, segment_rows, segment_columns, length = segments.shape
    vectors, quads = -(-channels // target.lanes), -(-length // 4)
    products = 4 * quads * segment_rows * segment_columns
    template = tiles(context, geometry.columns, vectors, products)
    packed = pack_weights(context, segments, vectors, quads, template[2])
    constants = packed + pack_requantization(scaled, choice, vectors * target.lanes)
    fields = {
        "images": geometry.images,
        "rows": geometry.rows,
        "columns": geometry.columns,
        "segment_rows": segment_rows,
        "segment_columns": segment_columns,
        "quads": quads,
        "input_image": geometry.input_image,
        "input_row": geometry.input_row,
        "input_pixel": geometry.input_pixel,
        "segment_row": geometry.segment_row,
        "segment_column": geometry.segment_column,
        "output_image": geometry.output_image,
        "output_row": geometry.output_row,
        "output_pixel": geometry.output_pixel,
        "channels": channels,
        "vectors": vectors,
        **scaled.requantization.fields(choice, target, template[2]),
    }
    return Step(DENSE, template, fields, (input, output, context.constants.add(constants)))


def tiles(
    context: Context, columns: int, vectors: int, products: int = _FEW_PRODUCTS + 1
) -> tuple[int, int, int, int, int]:
    """``(pixels, rest, vectors, last vectors, split)`` of a tile: as many sums as the registers hold, evenly cut."""
    if context.generic:
        return GENERIC_TILE
    sums = context.target.sums if products > _FEW_PRODUCTS else context.target.short_sums
    most = min(2 * _MOST_VECTORS if columns == 1 else _MOST_VECTORS, sums)
    together = -(-vectors // -(-vectors // most))
    capacity = max(1, sums // together)
    pixels = min(range(1, min(capacity, columns) + 1), key=lambda count: (_cost(count, columns, together), -count))
    split = max(1, min(sums // (pixels * together), -(-2 * _LATENCY // (pixels * together))))
    return pixels, columns % pixels, together, vectors % together, split


def _cost(pixels: int, columns: int, vectors: int) -> float:
    """Of a row in tiles of so many pixels, in multiplications for each quad: few sums wait, every tile has a price."""
    whole, rest = divmod(columns, pixels)
    tile = max(pixels * vectors, _LATENCY, (pixels + vectors + 1) / 2)
    last = max(rest * vectors, _LATENCY, (rest + vectors + 1) / 2) if rest else 0
    return whole * (tile + 1) + (last + 1 if rest else 0)


def pack_weights(context: Context, segments: Int64Array, vectors: int, quads: int, together: int) -> bytes:
    """For each group of vectors: segment, quad, vector, lane, the four bytes of the quad."""
    target = context.target
    channels, rows, columns, length = segments.shape
    padded: npt.NDArray[np.int8] = np.zeros((vectors * target.lanes, rows * columns, quads * 4), np.int8)
    padded[:channels, :, :length] = segments.reshape(channels, rows * columns, length)
    cut = padded.reshape(vectors, target.lanes, rows * columns, quads, 4).transpose(2, 3, 0, 1, 4)
    groups = [cut[:, :, start : start + together] for start in range(0, vectors, together)]
    return b"".join(target.pack_quads(np.ascontiguousarray(group)) for group in groups)


def _flatten(geometry: Geometry) -> Geometry:
    """Rows that touch become one row, and so do images."""
    g = geometry
    if g.input_row == g.columns * g.input_pixel and g.output_row == g.columns * g.output_pixel:
        g = replace(g, columns=g.rows * g.columns, rows=1, input_row=g.input_image, output_row=g.output_image)
        if g.input_image == g.columns * g.input_pixel and g.output_image == g.columns * g.output_pixel:
            g = replace(g, columns=g.images * g.columns, images=1)
    return g


def _pack_pixels(
    lanes: int, geometry: Geometry, segments: Int64Array, scaled: Scaled
) -> tuple[Geometry, Int64Array, Scaled]:
    """Few channels leave lanes empty: neighbouring outputs fill them, over segments long enough for all of them."""
    channels, rows, columns, length = segments.shape
    best, cost = 1, -(-length // 4) * 1.0
    for count in (2, 4, 8, 16):
        if count * channels > lanes or geometry.columns % count or geometry.output_pixel != channels:
            break
        packed_cost = -(-(length + (count - 1) * geometry.input_pixel) // 4) / count
        if packed_cost < cost:
            best, cost = count, packed_cost
    if best == 1:
        return geometry, segments, scaled
    packed: Int64Array = np.zeros((best, channels, rows, columns, length + (best - 1) * geometry.input_pixel), np.int64)
    for pixel in range(best):
        start = pixel * geometry.input_pixel
        packed[pixel, ..., start : start + length] = segments
    packed_geometry = replace(
        geometry,
        columns=geometry.columns // best,
        input_pixel=best * geometry.input_pixel,
        output_pixel=best * geometry.output_pixel,
    )
    return (
        packed_geometry,
        packed.reshape(best * channels, rows, columns, -1),
        scaled.map(lambda array: np.tile(array, best)),
    )
