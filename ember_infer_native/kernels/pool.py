"""AVERAGE_POOL_2D and MAX_POOL_2D as steps of ``pool.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_native.kernels.context import Context

__all__ = ["AVG_POOL", "MAX_POOL"]

_POOL = Kernel("pool", "pool", "pool", 2, ((0,), (1,)))


def _plan_average(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    return _plan(context, params, input, output, average=True)


def _plan_maximum(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    return _plan(context, params, input, output, average=False)


def _plan(context: Context, params: PoolParams, input: Place, output: Place, average: bool) -> list[Step]:
    check_activation(params)
    layout, out, bias = input.layout, output.layout, context.target.bias
    fields = {
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
    return [Step(_POOL, (int(average),), fields, (input.first, output.first))]


AVG_POOL = NativeOperator(_plan_average, (_POOL,), lambda params: True)
MAX_POOL = NativeOperator(_plan_maximum, (_POOL,), lambda params: True)
