"""RESIZE_NEAREST_NEIGHBOR as a call of ``resize_nearest_neighbor.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.ops.resize_nearest_neighbor import nearest
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.resize_nearest_neighbor import ResizeNearestNeighborParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_RESIZE = Kernel("resize_nearest_neighbor", "resize_nearest_neighbor", 2)
KERNELS = (_RESIZE,)

_MOST = 2**16  # rows and columns that a table can name, and has itself: flash is small


def plan(context: Context, params: ResizeNearestNeighborParams, input: Place, output: Place) -> list[Step]:
    """Tables, because where a pixel lies is rounded in float32."""
    images, rows, columns, channels = params.output_shape
    _, input_rows, input_columns, _ = params.input_shape
    for shape in (params.input_shape, params.output_shape):
        if max(shape[1:3]) > _MOST:
            raise KernelError(f"an image of shape {list(shape)} has more than {_MOST} rows or columns")
    flags, pixel = (params.align_corners, params.half_pixel_centers), channels * params.dtype.itemsize
    fields: dict[str, Value] = {
        "row_of": context.constant("rows", nearest(input_rows, rows, *flags).astype(np.uint16)),
        "column_of": context.constant("columns", nearest(input_columns, columns, *flags).astype(np.uint16)),
        "images": images,
        "rows": rows,
        "columns": columns,
        "pixel": pixel,
        "input_row": input_columns * pixel,
        "input_image": input_rows * input_columns * pixel,
    }
    return [Step(_RESIZE, fields, (input, output))]
