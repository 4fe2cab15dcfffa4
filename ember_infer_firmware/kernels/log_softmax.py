"""LOG_SOFTMAX: of int8 as calls of ``log_softmax.h``, of float32 of ``float_rows.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.log_softmax import MAX_CLASSES, OVERFLOW, exponents_and_summands
from ember_infer_firmware.kernels.walk import rows_of
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.log_softmax import LogSoftmaxParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_INT8 = Kernel("log_softmax_int8", "log_softmax", 2)
_CHECK = Kernel("check_log_softmax", "log_softmax", 1, fails=True, struct="log_softmax_int8")
_FLOAT32 = Kernel("log_softmax_float32", "float_rows", 2, struct="float_rows")
KERNELS = (_INT8, _CHECK, _FLOAT32)


def plan(context: Context, params: LogSoftmaxParams, input: Place, output: Place) -> list[Step]:
    """Rows along the last axis; of the exponentials' table what is not 0."""
    rows = rows_of(params.input_shape)
    if params.dtype == np.float32:
        return [Step(_FLOAT32, rows, (input, output))]
    _, summands = exponents_and_summands(params)
    summands = np.trim_zeros(summands, "b")
    fields: dict[str, Value] = {
        "summands": context.constant("exponentials", summands.astype(np.int32)),
        "summands_count": len(summands),
        **rows,
        "multiplier": params.input_multiplier,
        "shift": params.input_left_shift,
        "reverse_multiplier": params.reverse_multiplier,
        "reverse_shift": params.reverse_shift,
        "diff_min": params.diff_min,
    }
    steps = [Step(_INT8, fields, (input, output))]
    if params.input_shape[-1] > MAX_CLASSES:
        steps.insert(0, Step(_CHECK, fields, (input,), failure=OVERFLOW))
    return steps
