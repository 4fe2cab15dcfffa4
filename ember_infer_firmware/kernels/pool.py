"""AVERAGE_POOL_2D and MAX_POOL_2D as calls of ``pool.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_firmware.kernels.channels import short
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan_avg_pool", "plan_max_pool"]

_AVERAGE = Kernel("avg_pool", "pool", 2, struct="pool")
_MAXIMUM = Kernel("max_pool", "pool", 2, struct="pool")
KERNELS = (_AVERAGE, _MAXIMUM)


def plan_avg_pool(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    """The mean of each window."""
    return [Step(_AVERAGE, _fields(params), (input, output))]


def plan_max_pool(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    """The greatest of each window."""
    return [Step(_MAXIMUM, _fields(params), (input, output))]


def _fields(params: PoolParams) -> dict[str, Value]:
    check_activation(params)
    return {
        **short(
            images=params.output_shape[0],
            channels=params.output_shape[3],
            input_rows=params.input_shape[1],
            input_columns=params.input_shape[2],
            output_rows=params.output_shape[1],
            output_columns=params.output_shape[2],
            filter_rows=params.filter_height,
            filter_columns=params.filter_width,
            stride_rows=params.stride_h,
            stride_columns=params.stride_w,
            pad_rows=params.pad_h,
            pad_columns=params.pad_w,
        ),
        "low": params.activation_min,
        "high": params.activation_max,
    }
