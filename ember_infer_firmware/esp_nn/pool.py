"""AVERAGE_POOL_2D and MAX_POOL_2D as calls of ESP-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_firmware.esp_nn.chips import check_call, is_portable
from ember_infer_firmware.esp_nn.windows import geometry
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan_avg_pool", "plan_max_pool"]


def _kernel(name: str) -> Kernel:
    return Kernel(f"esp_nn_{name}", "esp_nn_pool", 2, struct="esp_nn_window", aligned=True)


_AVG_POOL = _kernel("avg_pool")
_AVG_POOL_PORTABLE = _kernel("avg_pool_portable")
_MAX_POOL = _kernel("max_pool")
_MAX_POOL_PORTABLE = _kernel("max_pool_portable")
KERNELS = (_AVG_POOL, _AVG_POOL_PORTABLE, _MAX_POOL, _MAX_POOL_PORTABLE)


def plan_avg_pool(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    """One call."""
    fields = _fields("avg_pool", params)
    kernel = _AVG_POOL_PORTABLE if is_portable("avg_pool", params) else _AVG_POOL
    return [Step(kernel, fields, (input, output))]


def plan_max_pool(context: Context, params: PoolParams, input: Place, output: Place) -> list[Step]:
    """One call."""
    fields = _fields("max_pool", params)
    kernel = _MAX_POOL_PORTABLE if is_portable("max_pool", params) else _MAX_POOL
    return [Step(kernel, fields, (input, output))]


def _fields(method: str, params: PoolParams) -> dict[str, Value]:
    check_activation(params)
    check_call(method, params)
    filter_shape = (1, params.filter_height, params.filter_width, params.input_shape[3])
    return {
        **dict.fromkeys(("weights", "bias", "multiplier", "shift")),
        **geometry(params, filter_shape),
        "input_offset": 0,
        "output_offset": 0,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
