"""CUMSUM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.cumsum import cumsum_elements
from ember_infer_core.slots import AnyArray
from ember_infer_ref.blocks import blocks, rows_at_once
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.common import element_count
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
    scaled = _scaled if params.dtype == np.int8 else _plain
    parts = [(elements[(slice(None), *block)], result[(slice(None), *block)]) for block in blocks(elements.shape[1:])]

    def run() -> None:
        for columns, target in parts:
            for rows, sums in _sums(params, columns):
                np.copyto(target[rows], scaled(params, sums))

    return run


def _sums(params: CumsumParams, columns: AnyArray) -> Iterator[tuple[slice, AnyArray]]:
    """The sums down the columns, some rows at a time, one after the other as TFLM adds."""
    dtype = np.dtype(np.int64 if params.dtype == np.int8 else np.float32)
    step = rows_at_once(element_count(columns.shape[1:]))
    before = np.zeros(columns.shape[1:], dtype)
    for start in range(0, len(columns), step):
        rows = columns[start : start + step]
        sums = np.empty((len(rows) + 1, *before.shape), dtype)
        sums[0] = before
        np.add(rows, dtype.type(params.input_offset), out=sums[1:])
        np.add.accumulate(sums, axis=0, out=sums)
        before = sums[-1]
        yield slice(start, start + step), sums[:-1] if params.exclusive else sums[1:]


def _scaled(params: CumsumParams, sums: AnyArray) -> AnyArray:
    return cumsum_elements(params, sums + params.input_offset)


def _plain(params: CumsumParams, sums: AnyArray) -> AnyArray:
    return sums + np.float32(0)  # no sum is -0
