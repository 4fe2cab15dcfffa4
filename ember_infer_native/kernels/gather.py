"""GATHER and GATHER_ND as steps of ``gather.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.ops.common import element_count
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.gather import GatherNdParams, GatherParams, IndexedRowParams
    from ember_infer_native.kernels.context import Context

__all__ = ["GATHER", "GATHER_ND"]

_AXES = 5  # INDEXED_AXES of gather.h
_GATHER = Kernel("gather", "gather", "gather", 3)
_CHECK = Kernel("check_indices", "gather", "gather", 2)


def _gather(context: Context, params: GatherParams, input: Place, indices: Place, output: Place) -> list[Step]:
    shape, axis, batches = params.input_shape, params.axis, params.batch_dims
    fields = {
        "batches": element_count(shape[:batches]),
        "outer": element_count(shape[batches:axis]),
        "count": element_count(params.indices_shape[batches:]),
        "rows": shape[axis],
    }
    return _steps(context, params, fields, (1,), (input, indices, output))


def _gather_nd(context: Context, params: GatherNdParams, input: Place, indices: Place, output: Place) -> list[Step]:
    indexed = params.input_shape[: params.indices_shape[-1]]
    fields = {
        "batches": 1,
        "outer": 1,
        "count": element_count(params.indices_shape[:-1]),
        "rows": element_count(indexed),
    }
    steps = tuple(element_count(indexed[axis + 1 :]) for axis in range(len(indexed)))
    return _steps(context, params, fields, steps, (input, indices, output))


def _steps(
    context: Context,
    params: IndexedRowParams,
    fields: dict[str, int],
    steps: tuple[int, ...],
    places: tuple[Place, ...],
) -> list[Step]:
    """One step that looks at the indices, and one that copies."""
    input, indices, output = places
    status, error = context.error("an index is out of range, and TensorFlow Lite Micro stops there too")
    every: dict[str, int | tuple[int, ...]] = {
        **fields,
        "indices": len(steps),
        "steps": steps + (0,) * (_AXES - len(steps)),
        "row": params.row_size * output.dtype.itemsize,
        "error": error,
    }
    copies = Step(_GATHER, (), every, (input.first, indices.first, output.first))
    return [Step(_CHECK, (), every, (indices.first, status)), copies]


GATHER = NativeOperator(_gather, (_GATHER, _CHECK))
GATHER_ND = NativeOperator(_gather_nd, (_GATHER, _CHECK))
