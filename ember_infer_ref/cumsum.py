"""CUMSUM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.cumsum import cumsum_elements
from ember_infer_core.slots import AnyArray
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.cumsum import CumsumParams

__all__ = ["cumsum"]


def cumsum(params: CumsumParams) -> None:
    """CUMSUM. Source: TFLM ``reference_ops::CumSum``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.cumsum", _prepare)


def _prepare(params: CumsumParams) -> Step:
    elements, result = (np.moveaxis(array, params.axis, 0) for array in (params.input, params.output))
    if params.reverse:
        elements, result = elements[::-1], result[::-1]
    dtype = np.dtype(np.int64 if params.dtype == np.int8 else np.float32)
    sums = np.zeros((len(elements) + 1, *elements.shape[1:]), dtype)  # the first is that of no elements
    wanted = sums[:-1] if params.exclusive else sums[1:]

    def add_up(values: AnyArray) -> None:
        np.add.accumulate(values, axis=0, out=sums[1:])

    def run_int8() -> None:
        add_up(elements.astype(np.int64) + params.input_offset)
        np.copyto(result, cumsum_elements(params, wanted + params.input_offset))

    def run_float32() -> None:
        add_up(elements)
        np.add(wanted, np.float32(0), out=result)  # from 0 on: no sum is -0

    return run_int8 if params.dtype == np.int8 else run_float32
