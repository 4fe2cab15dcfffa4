"""SELECT_V2 as a call of ``select_v2.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_firmware.kernels.broadcast import broadcast_rows
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.select_v2 import SelectParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_SELECT = {
    name: Kernel(f"select_{name}", "select_v2", 4, struct="select") for name in ("int8", "int16", "int32", "float32")
}
KERNELS = tuple(_SELECT.values())


def plan(context: Context, params: SelectParams, condition: Place, x: Place, y: Place, output: Place) -> list[Step]:
    """One call for any shapes."""
    kernel = _SELECT.get(params.dtype.name)
    if kernel is None:
        raise UnsupportedOperator(f"SELECT_V2: no kernel chooses {params.dtype}")
    shapes = params.condition_shape, params.x_shape, params.y_shape
    return [Step(kernel, broadcast_rows(context, shapes, params.output_shape), (condition, x, y, output))]
