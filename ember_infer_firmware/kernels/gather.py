"""GATHER and GATHER_ND as calls of ``gather.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.gather import IndexedRowParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_GATHER = Kernel("gather", "gather", 3, fails=True)
KERNELS = (_GATHER,)
_OUT_OF_RANGE = "an index is out of range, and TensorFlow Lite Micro stops there too"


def plan(context: Context, params: IndexedRowParams, input: Place, indices: Place, output: Place) -> list[Step]:
    """One call, of rows that one index names, or several together."""
    rows = params.geometry
    fields: dict[str, Value] = {
        "steps": context.constant("steps", np.array(rows.steps, np.int32)),
        "indices": len(rows.steps),
        "batches": rows.batches,
        "outer": rows.outer,
        "count": rows.count,
        "rows": rows.rows,
        "row": params.row_size * params.dtype.itemsize,
    }
    return [Step(_GATHER, fields, (input, indices, output), failure=_OUT_OF_RANGE)]
