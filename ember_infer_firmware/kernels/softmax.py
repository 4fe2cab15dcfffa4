"""SOFTMAX: of int8 as a call of ``softmax.h``, of float32 of ``float_rows.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.softmax import softmax_exponentials
from ember_infer_firmware.kernels.walk import rows_of
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_INT8 = Kernel("softmax", "softmax", 2)
_INT16 = Kernel("softmax_int16", "softmax", 2, struct="softmax")
_FLOAT32 = Kernel("softmax_float32", "float_rows", 2)
KERNELS = (_INT8, _INT16, _FLOAT32)


def plan(context: Context, params: SoftmaxParams, input: Place, output: Place) -> list[Step]:
    """Of int8, the exponentials are a table as far as they are not 0."""
    rows = rows_of(params.input_shape)
    if input.dtype.name == "float32":
        return [Step(_FLOAT32, {**rows, "beta": float(np.float32(params.beta))}, (input, output))]
    exponentials = np.trim_zeros(softmax_exponentials(params), "b").astype(np.int32)
    fields: dict[str, Value] = {
        "exponentials": context.constant("exponentials", exponentials),
        **rows,
        "farthest": len(exponentials) - 1,
    }
    return [Step(_INT8 if output.dtype.name == "int8" else _INT16, fields, (input, output))]
