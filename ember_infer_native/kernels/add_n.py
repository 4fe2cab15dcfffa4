"""ADD_N as steps of ``add_n.h``: one for each input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.fixed_point import multiply_by_quantized_multiplier
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Layout, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.add_n import AddNParams
    from ember_infer_native.kernels.context import Context

__all__ = ["ADD_N"]

_INT8 = Kernel("add_n_int8", "add_n", "add_n", 4, ((1, 0), (0, 0), (0, 1)))
_FLOAT = Kernel("add_n_float", "add_n", "add_n", 2, ((1,), (0,)))


def _plan(context: Context, params: AddNParams, inputs: tuple[Place, ...], output: Place) -> list[Step]:
    if params.dtype == np.int8:
        return _plan_int8(context, params, inputs, output)
    if params.dtype != np.float32:
        raise UnsupportedOperator(f"ADD_N: no native kernel computes it of {params.dtype}")
    fields = {"count": output.layout.size // 4, "start": 0, "multiplier": 0, "shift": 0, "zero": 0}
    return [
        Step(_FLOAT, (int(not number),), fields, (input.first, output.first)) for number, input in enumerate(inputs)
    ]


def _plan_int8(context: Context, params: AddNParams, inputs: tuple[Place, ...], output: Place) -> list[Step]:
    kept = (np.arange(256, dtype=np.uint8) ^ np.uint8(context.target.bias)).view(np.int8).astype(np.int64)
    values = np.append(kept, 0)  # TFLM's sums start from what 0 comes to
    shifted = (values + params.input_offset) << params.left_shift
    scaled = multiply_by_quantized_multiplier(shifted, params.input_multiplier, params.input_shift)
    table = context.constants.add(scaled[:256].astype(np.int32).tobytes())
    count = output.layout.size
    sums = context.temporaries.allocate(Layout(1, 1, 4 * count, 1)).first
    fields = {
        "count": count,
        "start": int(scaled[256]),
        "multiplier": params.output_multiplier,
        "shift": params.output_shift,
        "zero": params.output_offset,
    }
    return [
        Step(_INT8, (int(not number), int(number == len(inputs) - 1)), fields, (input.first, table, sums, output.first))
        for number, input in enumerate(inputs)
    ]


ADD_N = NativeOperator(_plan, (_INT8, _FLOAT))
