"""AVERAGE_POOL_2D and MAX_POOL_2D as steps of ``pool.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import check_activation
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_native.kernels.context import Context

__all__ = ["AVG_POOL", "MAX_POOL"]

_AVERAGE = Kernel("average_pool", "pool", "pool", 3)
_MAXIMUM = Kernel("max_pool", "pool", "pool", 2)


def _plan_average(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    target = context.target
    # What taps are multiplied with: one of four, two, three, all.
    ones: npt.NDArray[np.int8] = np.tri(4, dtype=np.int8)[:, np.newaxis].repeat(target.lanes, 1)
    constants = context.constants.add(target.pack_quads(ones))
    return [Step(_AVERAGE, (), _fields(context, params, input, output), (input.first, output.first, constants))]


def _plan_maximum(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    return [Step(_MAXIMUM, (), _fields(context, params, input, output), (input.first, output.first))]


def _fields(context: Context, params: PoolParams, input: Place, output: Place) -> dict[str, int]:
    check_activation(params)
    layout, out, bias = input.layout, output.layout, context.target.bias
    return {
        "images": out.images,
        "rows": out.rows,
        "columns": out.columns,
        "channels": out.channels,
        "input_rows": layout.rows,
        "input_columns": layout.columns,
        "filter_rows": params.filter_height,
        "filter_columns": params.filter_width,
        "stride_rows": params.stride_h,
        "stride_columns": params.stride_w,
        "pad_rows": params.pad_h,
        "pad_columns": params.pad_w,
        "input_image": layout.image,
        "input_row": layout.row,
        "output_image": out.image,
        "output_row": out.row,
        "low": params.activation_min + bias,
        "high": params.activation_max + bias,
    }


AVG_POOL = NativeOperator(_plan_average, (_AVERAGE,), lambda params: True)
MAX_POOL = NativeOperator(_plan_maximum, (_MAXIMUM,), lambda params: True)
