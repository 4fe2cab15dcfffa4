"""CUMSUM as a call of ``cumsum.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.ops.common import element_count
from ember_infer_firmware.kernels.walk import around_axis
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.cumsum import CumsumParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_KERNELS = {dtype: Kernel(f"cumsum_{dtype}", "cumsum", 2) for dtype in ("int8", "float32")}
KERNELS = tuple(_KERNELS.values())


def plan(context: Context, params: CumsumParams, input: Place, output: Place) -> list[Step]:
    """One call, forwards or backwards."""
    kernel = _KERNELS.get(params.dtype.name)
    if kernel is None:
        raise UnsupportedOperator(f"no kernel adds up {params.dtype}")
    inner = element_count(params.input_shape[params.axis + 1 :])
    last = (params.input_shape[params.axis] - 1) * inner
    fields: dict[str, Value] = {
        **around_axis(params.input_shape, params.axis),
        "first": last if params.reverse else 0,
        "step": -inner if params.reverse else inner,
        "exclusive": int(params.exclusive),
    }
    if params.dtype == np.int8:
        fields |= {
            "offset": params.input_offset,
            "multiplier": params.output_multiplier,
            "shift": params.output_shift,
            "output_offset": params.output_offset,
        }
    return [Step(kernel, fields, (input, output))]
