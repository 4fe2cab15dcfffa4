"""LOG_SOFTMAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.log_softmax import log_softmax_rows
from ember_infer_ref.exponential import exponential
from ember_infer_ref.plan import Step, run_prepared
from ember_infer_ref.reduction import greatest_of_rows, summed_in_order

if TYPE_CHECKING:
    from ember_infer_core.ops.log_softmax import LogSoftmaxParams

__all__ = ["log_softmax"]


def log_softmax(params: LogSoftmaxParams) -> None:
    """LOG_SOFTMAX along the last axis. Source: TFLM ``reference_ops::LogSoftmax``.

    float32 results are within two units in the last place of TFLM's: the C library's logarithm is not always the
    nearest float32, and where the subtraction then meets a tie, one unit becomes two.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.log_softmax", _prepare)


def _prepare(params: LogSoftmaxParams) -> Step:
    rows, result = params.input, params.output

    def run_int8() -> None:
        np.copyto(result, log_softmax_rows(params, rows.astype(np.int64)))

    def run_float32() -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            differences = rows - greatest_of_rows(rows)
            sums = summed_in_order(exponential(differences))
            logarithms = np.log(sums.astype(np.float64)).astype(np.float32)
            np.subtract(differences, logarithms, out=result)

    return run_int8 if params.dtype == np.int8 else run_float32
