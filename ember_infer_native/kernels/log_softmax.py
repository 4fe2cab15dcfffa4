"""LOG_SOFTMAX: of int8 as a step of ``log_softmax.h``, of float32 of ``float_rows.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.log_softmax import MAX_CLASSES, OVERFLOW, exponents_and_summands
from ember_infer_native.kernels.float_rows import plan_float_rows, rows_of
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.log_softmax import LogSoftmaxParams
    from ember_infer_native.kernels.context import Context

__all__ = ["LOG_SOFTMAX"]

_INT8 = Kernel("log_softmax", "log_softmax", "log_softmax", 3)
_CHECK = Kernel("check_log_softmax", "log_softmax", "log_softmax", 3)
_FLOAT32 = Kernel("log_softmax_float32", "float_rows", "float_rows", 2)


def _plan(context: Context, params: LogSoftmaxParams, input: Place, output: Place) -> list[Step]:
    if input.dtype.name == "float32":
        return plan_float_rows(_FLOAT32, params.input_shape, input, output)
    rows, classes = rows_of(params.input_shape)
    table = context.constants.add(np.concatenate(exponents_and_summands(params)).astype(np.int32).tobytes())
    fields = {
        "rows": rows,
        "classes": classes,
        "reverse_multiplier": params.reverse_multiplier,
        "reverse_shift": params.reverse_shift,
        "diff_min": params.diff_min,
        "error": 0,
    }
    steps = []
    if classes > MAX_CLASSES:
        status, fields["error"] = context.error(OVERFLOW)
        steps.append(Step(_CHECK, (), fields, (input.first, table, status)))
    return [*steps, Step(_INT8, (), fields, (input.first, output.first, table))]


LOG_SOFTMAX = NativeOperator(_plan, (_INT8, _CHECK, _FLOAT32))
