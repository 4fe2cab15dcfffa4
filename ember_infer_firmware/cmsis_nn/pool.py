"""AVERAGE_POOL_2D and MAX_POOL_2D as calls of CMSIS-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_firmware.context import ScratchLen
from ember_infer_firmware.library_fields import check_counts, window_geometry
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan_avg_pool", "plan_max_pool"]

_AVG_POOL = Kernel("cmsis_nn_avg_pool", "cmsis_nn_pool", 3, True, "cmsis_nn_window")
_MAX_POOL = Kernel("cmsis_nn_max_pool", "cmsis_nn_pool", 3, True, "cmsis_nn_window")
KERNELS = (_AVG_POOL, _MAX_POOL)


def plan_avg_pool(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    """One call. Scratch is the library's ``arm_avgpool_s8_get_buffer_size``."""
    fields = _fields(params)
    scratch = context.scratch_by_core(ScratchLen(plain=0, dsp=4 * params.input_shape[3], mve=0))
    return [Step(_AVG_POOL, fields, (input, output, scratch))]


def plan_max_pool(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    """One call."""
    return [Step(_MAX_POOL, _fields(params), (input, output, None))]


def _fields(params: PoolParams) -> dict[str, Value]:
    check_activation(params)
    filter_size = (params.filter_height, params.filter_width)
    check_counts("CMSIS-NN", *params.input_shape[1:], *params.output_shape[1:], *filter_size)
    return {
        **dict.fromkeys(("weights", "bias", "multiplier", "shift")),
        **window_geometry(params, (1, *filter_size, params.input_shape[3]), counted=True),
        "dilation_h": 1,
        "dilation_w": 1,
        "input_offset": 0,
        "output_offset": 0,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
