"""RESIZE_BILINEAR."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import constant, swapped
from ember_infer_core.ops.resize_bilinear import ResizeBilinearParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: ResizeBilinearParams) -> AnyArray:
    """Sources: TFLM ``reference_ops::ResizeBilinearInteger`` and ``ResizeBilinear``."""
    if params.dtype == np.float32:
        return _real(params)
    total = _weighted(params)
    return np.asarray(np.sign(total) * ((np.abs(total) + (1 << 19)) >> 20)).astype(np.int8)


def _weighted(params: Params) -> AnyArray:
    """Sums of four int8 pixels in 1/1024 times 1/1024."""
    image, total = params.input.astype(np.int64), np.zeros(params.output_shape, np.int64)
    for y, x in np.ndindex(*params.output_shape[1:3]):
        (top, bottom, down), (left, right, across) = _whole(params, 1, y), _whole(params, 2, x)
        upper = image[:, top, left] * (1024 - across) + image[:, top, right] * across
        lower = image[:, bottom, left] * (1024 - across) + image[:, bottom, right] * across
        total[:, y, x] = upper * (1024 - down) + lower * down
    return total


def _whole(params: Params, axis: int, index: int) -> tuple[int, int, int]:
    """The two pixels beside an output pixel, and the weight of the second in 1/1024."""
    size, outputs = params.input_shape[axis], params.output_shape[axis]
    steps, gaps = (size - 1, outputs - 1) if params.align_corners and outputs > 1 else (size, outputs)
    scale = (1024 * steps + gaps // 2) // gaps
    position = index * scale + (scale // 2 - 512 if params.half_pixel_centers else 0)
    lower = max(position // 1024, 0)
    return lower, min((position + 1023) // 1024, size - 1), position - 1024 * lower


def _real(params: Params) -> AnyArray:
    """Each step rounded to float32, in TFLM's order."""
    one, total = np.float32(1), np.zeros(params.output_shape, np.float32)
    for y, x in np.ndindex(*params.output_shape[1:3]):
        (top, bottom, down), (left, right, across) = _place(params, 1, y), _place(params, 2, x)
        for row, column, row_weight, column_weight in (
            (top, left, one - down, one - across),
            (bottom, left, down, one - across),
            (top, right, one - down, across),
            (bottom, right, down, across),
        ):
            total[:, y, x] += params.input[:, row, column] * row_weight * column_weight
    return total


def _place(params: Params, axis: int, index: int) -> tuple[int, int, np.float32]:
    """:func:`_whole`, with the weight as a float32."""
    size, outputs = params.input_shape[axis], params.output_shape[axis]
    steps, gaps = (size - 1, outputs - 1) if params.align_corners and outputs > 1 else (size, outputs)
    scale, half = np.float32(steps) / np.float32(gaps), np.float32(0.5)
    position = np.float32(index) * scale
    if params.half_pixel_centers:
        position = (np.float32(index) + half) * scale - half
    lower = max(int(np.floor(position)), 0)
    return lower, min(int(np.ceil(position)), size - 1), np.float32(position - np.float32(lower))


def _calls(drawer: CaseDrawer) -> ResizeBilinearParams:
    batches, channels = drawer.integer(1, 2), drawer.depth(5)
    before, after = ((drawer.integer(1, 8), drawer.integer(1, 8)) for _ in range(2))
    align_corners, half_pixel_centers = drawer.one_of((False, False), (True, False), (False, True))
    return prepare(
        input_shape=(batches, *before, channels),
        output_shape=(batches, *after, channels),
        size=after,
        align_corners=align_corners,
        half_pixel_centers=half_pixel_centers,
        dtype=drawer.dtype("int8", "float32"),
    )


def _cut_off(define: Definition, params: Params) -> AnyArray | None:
    if params.dtype == np.float32:
        return None
    total = _weighted(params)
    return np.asarray(np.sign(total) * (np.abs(total) >> 20)).astype(np.int8)


CASES: Mapping[str, OperatorCases] = {
    "resize_bilinear": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            "align_corners ignored": constant(align_corners=False),
            "half_pixel_centers ignored": constant(half_pixel_centers=False),
            "align_corners and half_pixel_centers swapped": swapped("align_corners", "half_pixel_centers"),
            "cut off instead of rounded": _cut_off,
        },
    )
}
