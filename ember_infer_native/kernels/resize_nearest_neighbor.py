"""RESIZE_NEAREST_NEIGHBOR as a step of ``resize_nearest_neighbor.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.resize_nearest_neighbor import nearest
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.resize_nearest_neighbor import ResizeNearestNeighborParams
    from ember_infer_native.kernels.context import Context

__all__ = ["RESIZE_NEAREST_NEIGHBOR"]

_NAME = "resize_nearest_neighbor"
_RESIZE = Kernel(_NAME, _NAME, _NAME, 3)


def _plan(context: Context, params: ResizeNearestNeighborParams, input: Place, output: Place) -> list[Step]:
    images, rows, columns, channels = params.output_shape
    _, input_rows, input_columns, _ = params.input_shape
    flags, pixel = (params.align_corners, params.half_pixel_centers), channels * output.dtype.itemsize
    begins = np.concatenate(
        [
            nearest(input_rows, rows, *flags) * (input_columns * pixel),
            nearest(input_columns, columns, *flags) * pixel,
        ]
    )
    fields = {
        "images": images,
        "rows": rows,
        "columns": columns,
        "pixel": pixel,
        "input_image": input_rows * input_columns * pixel,
    }
    tables = context.constants.add(begins.astype(np.int32).tobytes())
    return [Step(_RESIZE, (), fields, (input.first, output.first, tables))]


RESIZE_NEAREST_NEIGHBOR = NativeOperator(_plan, (_RESIZE,))
