"""RESIZE_BILINEAR as a call of ``resize_bilinear.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.resize_bilinear import interpolation
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.resize_bilinear import ResizeBilinearParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_INT8 = Kernel("resize_bilinear_int8", "resize_bilinear", 2)
_FLOAT32 = Kernel("resize_bilinear_float32", "resize_bilinear", 2)
KERNELS = (_INT8, _FLOAT32)


def plan(context: Context, params: ResizeBilinearParams, input: Place, output: Place) -> list[Step]:
    """int8 finds its places itself, float32 has them in tables: sums and products of floats round otherwise where a
    compiler fuses them.
    """
    images, rows, columns, channels = params.output_shape
    if params.dtype == np.float32:
        row = params.input_shape[2] * channels
        fields: dict[str, Value] = {
            **_table(context, params, 1, "row", row),
            **_table(context, params, 2, "column", channels),
            "images": images,
            "outputs_high": rows,
            "outputs_wide": columns,
            "channels": channels,
            "input_image": params.input_shape[1] * row,
        }
        return [Step(_FLOAT32, fields, (input, output))]
    fields = {**_axis(params, 1, "rows"), **_axis(params, 2, "columns"), "images": images, "channels": channels}
    return [Step(_INT8, fields, (input, output))]


def _axis(params: ResizeBilinearParams, axis: int, name: str) -> dict[str, Value]:
    """The fields of ``struct ember_resize_axis``: positions are equally far apart."""
    along = interpolation(params, axis)
    positions = [int(lower) * 1024 + int(far) for lower, far in zip(along.lower[:2], along.fraction[:2], strict=True)]
    return {
        f"{name}.outputs": params.output_shape[axis],
        f"{name}.inputs": params.input_shape[axis],
        f"{name}.first": positions[0],
        f"{name}.step": positions[-1] - positions[0],
    }


def _table(context: Context, params: ResizeBilinearParams, axis: int, name: str, step: int) -> dict[str, Value]:
    along = interpolation(params, axis)
    places = np.stack([along.lower, along.upper], axis=1) * step
    return {
        f"{name}s": context.constant(f"{name}s", places.astype(np.int32)),
        f"{name}_fractions": context.constant(f"{name}_fractions", along.fraction),
    }
