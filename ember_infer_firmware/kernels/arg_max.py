"""ARG_MAX and ARG_MIN as calls of ``arg_max.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_firmware.kernels.walk import around_axis
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.arg_max import ArgMaxParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan_greatest", "plan_least"]

_KERNELS = {dtype: Kernel(f"arg_max_{dtype}", "arg_max", 2) for dtype in ("int8", "float32")}
KERNELS = tuple(_KERNELS.values())


def plan_greatest(context: Context, params: ArgMaxParams, input: Place, output: Place) -> list[Step]:
    """ARG_MAX."""
    return [_found(params, input, output, least=False)]


def plan_least(context: Context, params: ArgMaxParams, input: Place, output: Place) -> list[Step]:
    """ARG_MIN."""
    return [_found(params, input, output, least=True)]


def _found(params: ArgMaxParams, input: Place, output: Place, *, least: bool) -> Step:
    kernel = _KERNELS.get(params.dtype.name)
    if kernel is None:
        raise UnsupportedOperator(f"no kernel finds the greatest of {params.dtype}")
    order: dict[str, Value]
    if params.dtype == np.float32:
        order = {"sign": -1.0 if least else 1.0}
    else:
        order = {"flip": -1 if least else 0}
    return Step(kernel, around_axis(params.input_shape, params.axis) | order, (input, output))
