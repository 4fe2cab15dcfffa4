"""RESIZE_BILINEAR as a step of ``resize_bilinear.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.resize_bilinear import interpolation
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Layout, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.resize_bilinear import ResizeBilinearParams
    from ember_infer_native.kernels.context import Context

__all__ = ["RESIZE_BILINEAR"]

_INT8 = Kernel("resize_bilinear", "resize_bilinear", "resize_bilinear", 4)
_FLOAT32 = Kernel("resize_bilinear_float", "resize_bilinear", "resize_bilinear", 3)


def _plan(context: Context, params: ResizeBilinearParams, input: Place, output: Place) -> list[Step]:
    images, rows, columns, channels = params.output_shape
    input_row = params.input_shape[2] * channels
    fields = {
        "images": images,
        "rows": rows,
        "columns": columns,
        "channels": channels,
        "input_image": params.input_shape[1] * input_row,
        "input_row": input_row,
    }
    tables = context.constants.add(_tables(params, 1, input_row) + _tables(params, 2, channels))
    if params.dtype == np.float32:
        return [Step(_FLOAT32, (), fields, (input.first, output.first, tables))]
    blended = context.temporaries.allocate(Layout(1, 1, 4 * (input_row + context.target.lanes), 1))
    return [Step(_INT8, (), fields, (input.first, output.first, blended.first, tables))]


def _tables(params: ResizeBilinearParams, axis: int, step: int) -> bytes:
    """Along an axis, for each output element: where the two input elements beside it begin, and how far it lies from
    the lower.
    """
    lower, upper, fraction = interpolation(params, axis)
    begins = [(elements * step).astype(np.int32) for elements in (lower, upper)]
    return b"".join(array.tobytes() for array in (*begins, fraction))


RESIZE_BILINEAR = NativeOperator(_plan, (_INT8, _FLOAT32))
