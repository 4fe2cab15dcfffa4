"""CUMSUM as a step of ``cumsum.h``."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_native.kernels.arg_max import around_axis
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.cumsum import CumsumParams
    from ember_infer_native.kernels.context import Context

__all__ = ["CUMSUM"]

# The templates are `exclusive` and `reverse`.
_KERNELS = {
    dtype: Kernel(f"cumsum_{dtype}", "cumsum", "cumsum", 2, tuple(itertools.product((0, 1), repeat=2)))
    for dtype in ("int8", "float32")
}


def _plan(context: Context, params: CumsumParams, input: Place, output: Place) -> list[Step]:
    kernel = _KERNELS.get(params.dtype.name)
    if kernel is None:
        raise UnsupportedOperator(f"cumsum: no native kernel computes it of {params.dtype}")
    fields = {
        **around_axis(params.input_shape, params.axis),
        "offset": params.input_offset,
        "multiplier": params.output_multiplier,
        "shift": params.output_shift,
        "zero": params.output_offset,
    }
    return [Step(kernel, (int(params.exclusive), int(params.reverse)), fields, (input.first, output.first))]


CUMSUM = NativeOperator(_plan, tuple(_KERNELS.values()))
