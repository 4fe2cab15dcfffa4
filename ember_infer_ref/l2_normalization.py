"""L2_NORMALIZATION."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.l2_normalization import EPSILON, l2_normalized_rows
from ember_infer_ref.blocks import rows_at_once
from ember_infer_ref.plan import Step, run_prepared
from ember_infer_ref.reduction import summed_in_order

if TYPE_CHECKING:
    from ember_infer_core.ops.l2_normalization import L2NormalizationParams

__all__ = ["l2_normalization"]


def l2_normalization(params: L2NormalizationParams) -> None:
    """L2_NORMALIZATION along the last axis. Source: TFLM ``L2Normalization`` of ``reference_integer_ops`` for int8, of
    ``reference_ops`` for float32.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.l2_normalization", _prepare)


def _prepare(params: L2NormalizationParams) -> Step:
    rows, result = (array.reshape(-1, array.shape[-1]) for array in (params.input, params.output))
    step = rows_at_once(rows.shape[-1])
    parts = [slice(start, start + step) for start in range(0, len(rows), step)]

    def run_int8() -> None:
        for block in parts:
            np.copyto(result[block], l2_normalized_rows(params, rows[block].astype(np.int64)))

    def run_float32() -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            length = np.sqrt(summed_in_order(rows * rows))
            length = np.where(length < EPSILON, EPSILON, length)
            np.divide(rows, length, out=result)

    return run_int8 if params.dtype == np.int8 else run_float32
