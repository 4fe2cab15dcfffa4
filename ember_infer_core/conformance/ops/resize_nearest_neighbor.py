"""RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed
from ember_infer_core.ops.resize_nearest_neighbor import ResizeNearestNeighborParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: ResizeNearestNeighborParams) -> AnyArray:
    result = np.empty(params.output_shape, params.dtype)
    for row in range(params.output_shape[1]):
        for column in range(params.output_shape[2]):
            result[:, row, column] = params.input[:, _place(params, 1, row), _place(params, 2, column)]
    return result


def _place(params: ResizeNearestNeighborParams, axis: int, index: int) -> int:
    """The nearest index of the input along an axis, computed in float32."""
    size, output_size = params.input_shape[axis], params.output_shape[axis]
    scale = np.float32(size) / np.float32(output_size)
    if params.align_corners and output_size > 1:
        scale = np.float32(size - 1) / np.float32(output_size - 1)
    place = float((np.float32(index) + np.float32(0.5 * params.half_pixel_centers)) * scale)
    return min(int(place + 0.5) if params.align_corners else int(place), size - 1)


def _calls(drawer: CaseDrawer) -> ResizeNearestNeighborParams:
    batch, height, width = drawer.integer(1, 2), drawer.integer(1, 9), drawer.integer(1, 9)
    size, channels = (drawer.integer(1, 20), drawer.integer(1, 20)), drawer.depth(4)
    return prepare(
        input_shape=(batch, height, width, channels),
        output_shape=(batch, *size, channels),
        size=size,
        dtype=np.dtype(drawer.one_of(np.int8, np.int16, np.float32)),
        align_corners=drawer.one_of(False, True),
        half_pixel_centers=drawer.one_of(False, True),
    )


CASES: Mapping[str, OperatorCases] = {
    "resize_nearest_neighbor": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            "align_corners ignored": changed(lambda params: {"align_corners": False} if params.align_corners else None),
            "half_pixel_centers ignored": changed(
                lambda params: {"half_pixel_centers": False} if params.half_pixel_centers else None
            ),
        },
    )
}
