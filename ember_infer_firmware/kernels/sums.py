"""Constants of sums of products, as ``sums.h`` reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.slots import AnyArray, Int32Array
from ember_infer_firmware.step import Value

if TYPE_CHECKING:
    from ember_infer_core.ops.sums import SumParams
    from ember_infer_firmware.context import Context

__all__ = ["interleaved", "scaling", "wrapped"]


def scaling(context: Context, params: SumParams) -> dict[str, Value]:
    """The fields of ``struct ember_scaling``, which is a kernel struct's field ``scaling``."""
    multiplier, shift = params.output_multiplier, params.output_shift
    is_common = len(multiplier) > 1 and (multiplier == multiplier[0]).all() and (shift == shift[0]).all()
    kept = slice(1) if is_common else slice(None)
    return {
        "scaling.multiplier": context.constant("multiplier", multiplier[kept]),
        "scaling.shift": context.constant("shift", shift[kept].astype(np.int8)),
        "scaling.step": 0 if is_common else 1,
        "scaling.output_offset": params.output_offset,
        "scaling.activation_min": params.activation_min,
        "scaling.activation_max": params.activation_max,
    }


def interleaved(rows: AnyArray) -> AnyArray:
    """Rows ``(C, K)`` four at a time, column by column, and the last ones, fewer than four, as they are."""
    whole = len(rows) // 4 * 4
    fours = rows[:whole].reshape(-1, 4, rows.shape[1]).swapaxes(1, 2)
    return np.concatenate([fours.reshape(-1), rows[whole:].reshape(-1)])


def wrapped(sums: AnyArray) -> Int32Array:
    """Int64 sums as an int32 of C keeps them."""
    return wrap_int32(sums).astype(np.int32)
