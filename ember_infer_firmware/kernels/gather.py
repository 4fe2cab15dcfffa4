"""GATHER and GATHER_ND as calls of ``gather.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.gather import GatherNdParams, GatherParams, IndexedRowParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan_gather", "plan_gather_nd"]

_GATHER = Kernel("gather", "gather", 3, fails=True)
KERNELS = (_GATHER,)
_OUT_OF_RANGE = "an index is out of range, and TensorFlow Lite Micro stops there too"


def plan_gather(context: Context, params: GatherParams, input: Place, indices: Place, output: Place) -> list[Step]:
    """One index names a row, along the axis."""
    shape, axis, batches = params.input_shape, params.axis, params.batch_dims
    fields = {
        "batches": element_count(shape[:batches]),
        "outer": element_count(shape[batches:axis]),
        "count": element_count(params.indices_shape[batches:]),
        "rows": shape[axis],
    }
    return [_gathered(context, params, fields, [1], (input, indices, output))]


def plan_gather_nd(context: Context, params: GatherNdParams, input: Place, indices: Place, output: Place) -> list[Step]:
    """The last axis of the indices names a row, along the first axes."""
    indexed = params.input_shape[: params.indices_shape[-1]]
    fields = {
        "batches": 1,
        "outer": 1,
        "count": element_count(params.indices_shape[:-1]),
        "rows": element_count(indexed),
    }
    steps = [element_count(indexed[axis + 1 :]) for axis in range(len(indexed))]
    return [_gathered(context, params, fields, steps, (input, indices, output))]


def _gathered(
    context: Context, params: IndexedRowParams, fields: dict[str, int], steps: list[int], places: tuple[Place, ...]
) -> Step:
    every: dict[str, Value] = {
        "steps": context.constant("steps", np.array(steps, np.int32)),
        "indices": len(steps),
        **fields,
        "row": params.row_size * params.dtype.itemsize,
    }
    return Step(_GATHER, every, places, failure=_OUT_OF_RANGE)
