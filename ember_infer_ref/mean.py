"""MEAN and SUM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.mean import mean_elements
from ember_infer_ref.plan import Step, run_prepared
from ember_infer_ref.reduction import summed_in_order, views

if TYPE_CHECKING:
    from ember_infer_core.ops.mean import MeanParams

__all__ = ["mean", "sum_"]

# Sums of this many different values, or fewer, are scaled by a table.
_LARGEST_TABLE = 1 << 16


def mean(params: MeanParams) -> None:
    """MEAN. Source: TFLM ``reference_ops::QuantizedMeanOrSum``, in float32 ``reference_ops::Mean``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.mean", _prepare)


def sum_(params: MeanParams) -> None:
    """SUM. Source: TFLM ``reference_ops::QuantizedMeanOrSum``, in float32 ``reference_ops::ReduceGeneric``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.sum", _prepare)


def _prepare(params: MeanParams) -> Step:
    if params.dtype == np.float32:
        return _prepare_float32(params)
    elements, axes, result = views(params)
    lowest, highest = params.activation_min * params.count, params.activation_max * params.count
    sums: npt.NDArray[np.int32] = np.empty(result.shape, np.int32)
    if params.cache is None or highest - lowest >= _LARGEST_TABLE:

        def run() -> None:
            np.add.reduce(elements, axis=axes, dtype=np.int32, out=sums)
            np.copyto(result, mean_elements(params, sums.astype(np.int64)))

        return run

    table = mean_elements(params, np.arange(lowest, highest + 1))
    index: npt.NDArray[np.intp] = np.empty(result.shape, np.intp)

    def run_by_table() -> None:
        np.add.reduce(elements, axis=axes, dtype=np.int32, out=sums)
        np.subtract(sums, lowest, out=index)
        table.take(index, out=result, mode="clip")  # no index is out of range; "clip" spares a copy of the output

    return run_by_table


def _prepare_float32(params: MeanParams) -> Step:
    elements, axes, result = views(params)
    kept = [axis for axis in range(elements.ndim) if axis not in axes]
    in_order = elements.transpose(*kept, *axes)
    divisor = np.float32(params.divisor)

    def run() -> None:
        sums = summed_in_order(in_order.reshape(*result.shape, -1))
        np.divide(sums[..., 0], divisor, out=result)

    return run
