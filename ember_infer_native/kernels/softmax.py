"""SOFTMAX: of int8 as a step of ``softmax.h``, of float32 of ``float_rows.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import rounding_divide_by_pot
from ember_infer_core.ops.softmax import softmax_exponentials
from ember_infer_native.kernels.float_rows import plan_float_rows, rows_of
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_native.kernels.context import Context

__all__ = ["SOFTMAX"]

# The template is the bits of a result.
_INT8 = Kernel("softmax", "softmax", "softmax", 3, ((8,), (16,)))
_FLOAT32 = Kernel("softmax_float32", "float_rows", "float_rows", 2)
_ACCUMULATION_INTEGER_BITS = 12


def _plan(context: Context, params: SoftmaxParams, input: Place, output: Place) -> list[Step]:
    if input.dtype.name == "float32":
        return plan_float_rows(_FLOAT32, params.input_shape, input, output, beta=params.beta)
    exponentials = softmax_exponentials(params)
    summands = rounding_divide_by_pot(exponentials, _ACCUMULATION_INTEGER_BITS)
    table = context.constants.add(np.concatenate((exponentials, summands)).astype(np.int32).tobytes())
    rows, classes = rows_of(params.input_shape)
    bits = 8 * output.dtype.itemsize
    return [Step(_INT8, (bits,), {"rows": rows, "classes": classes}, (input.first, output.first, table))]


SOFTMAX = NativeOperator(_plan, (_INT8, _FLOAT32))
