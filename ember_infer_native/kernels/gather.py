"""GATHER and GATHER_ND as steps of ``gather.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.gather import IndexedRowParams
    from ember_infer_native.kernels.context import Context

__all__ = ["GATHER"]

_AXES = 5  # INDEXED_AXES of gather.h
_GATHER = Kernel("gather", "gather", "gather", 3)
_CHECK = Kernel("check_indices", "gather", "gather", 2)


def _gather(context: Context, params: IndexedRowParams, input: Place, indices: Place, output: Place) -> list[Step]:
    """One step that looks at the indices, and one that copies."""
    status, error = context.error("an index is out of range, and TensorFlow Lite Micro stops there too")
    rows = params.geometry
    fields: dict[str, int | tuple[int, ...]] = {
        "batches": rows.batches,
        "outer": rows.outer,
        "count": rows.count,
        "rows": rows.rows,
        "indices": len(rows.steps),
        "steps": rows.steps + (0,) * (_AXES - len(rows.steps)),
        "row": params.row_size * output.dtype.itemsize,
        "error": error,
    }
    copies = Step(_GATHER, (), fields, (input.first, indices.first, output.first))
    return [Step(_CHECK, (), fields, (indices.first, status)), copies]


GATHER = NativeOperator(_gather, (_GATHER, _CHECK))
