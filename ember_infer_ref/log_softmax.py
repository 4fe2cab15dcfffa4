"""LOG_SOFTMAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.log_softmax import MAX_CLASSES, log_softmax_rows
from ember_infer_core.slots import Float32Array
from ember_infer_ref.blocks import rows_at_once
from ember_infer_ref.exponential import exponential
from ember_infer_ref.plan import Step, run_prepared
from ember_infer_ref.reduction import greatest_of_rows, summed_in_order

if TYPE_CHECKING:
    from ember_infer_core.ops.log_softmax import LogSoftmaxParams

__all__ = ["log_softmax"]


def log_softmax(params: LogSoftmaxParams) -> None:
    """LOG_SOFTMAX along the last axis. Source: TFLM ``reference_ops::LogSoftmax``.

    float32 results are within one unit in the last place of TFLM's.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.log_softmax", _prepare)


def _prepare(params: LogSoftmaxParams) -> Step:
    rows, result = (array.reshape(-1, array.shape[-1]) for array in (params.input, params.output))
    # Only rows beyond this may have no result, and then nothing is written.
    step = rows_at_once(rows.shape[-1]) if rows.shape[-1] <= MAX_CLASSES else len(rows)
    parts = [slice(start, start + step) for start in range(0, len(rows), step)]

    def run_int8() -> None:
        for block in parts:
            np.copyto(result[block], log_softmax_rows(params, rows[block].astype(np.int64)))

    def run_float32() -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            differences = rows - greatest_of_rows(rows)
            sums = summed_in_order(exponential(differences))
            np.copyto(result, _less_logarithm(differences, sums))

    return run_int8 if params.dtype == np.int8 else run_float32


def _less_logarithm(differences: Float32Array, sums: Float32Array) -> Float32Array:
    """``differences - log(sums)``.

    C's log rounds what is nearly a tie either way, and a difference that ties in its turn makes two units of that one:
    there the result is their middle.
    """
    logarithm = np.log(sums.astype(np.float64))
    least, most = (differences - (logarithm * nudge).astype(np.float32) for nudge in (1 + 2**-25, 1 - 2**-25))
    middle = ((least.astype(np.float64) + most) / 2).astype(np.float32)
    nearest: Float32Array = differences - logarithm.astype(np.float32)
    return np.where((least < middle) & (middle < most), middle, nearest)
