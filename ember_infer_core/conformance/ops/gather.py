"""GATHER and GATHER_ND."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params, Rule
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.expected import Result
from ember_infer_core.ops.gather import GatherNdParams, GatherParams, prepare, prepare_gather_nd
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]


def _gather(params: GatherParams) -> AnyArray:
    axis, batches = params.axis, params.batch_dims
    result = np.empty(params.output_shape, params.dtype)
    for batch in np.ndindex(params.input_shape[:batches]):
        for place in np.ndindex(params.indices_shape[batches:]):
            taken = params.input[batch].take(params.indices[(*batch, *place)], axis=axis - batches)
            before = (np.s_[:],) * (axis - batches)
            result[(*batch, *before, *place)] = taken
    return result


def _gather_nd(params: GatherNdParams) -> AnyArray:
    result = np.empty(params.output_shape, params.dtype)
    for place in np.ndindex(params.indices_shape[:-1]):
        result[place] = params.input[tuple(params.indices[place])]
    return result


def _gather_calls(drawer: CaseDrawer) -> GatherParams:
    shape = drawer.shape()
    axis = drawer.integer(0, len(shape) - 1)
    batches = drawer.integer(0, axis)
    indices = (*shape[:batches], *drawer.shape(0, 2))
    return prepare(
        input_shape=shape,
        indices_shape=indices,
        output_shape=(*shape[:axis], *indices[batches:], *shape[axis + 1 :]),
        axis=axis,
        batch_dims=batches,
        dtype=np.dtype(drawer.one_of(np.int8, np.float32)),
    )


def _gather_nd_calls(drawer: CaseDrawer) -> GatherNdParams:
    shape, outer = drawer.shape(), drawer.shape(0, 2)
    indexed = drawer.integer(1, len(shape))
    return prepare_gather_nd(
        input_shape=shape,
        indices_shape=(*outer, indexed),
        output_shape=(*outer, *shape[indexed:]),
        dtype=np.dtype(drawer.one_of(np.int8, np.float32)),
    )


def _gather_content(params: GatherParams, slot: Slot, random: np.random.Generator) -> AnyArray:
    if slot.name != "indices":
        return any_content(params, slot, random)
    return random.integers(0, params.input_shape[params.axis], slot.shape, np.int32)


def _gather_nd_content(params: GatherNdParams, slot: Slot, random: np.random.Generator) -> AnyArray:
    if slot.name != "indices":
        return any_content(params, slot, random)
    return random.integers(0, params.input_shape[: slot.shape[-1]], slot.shape, np.int32)


def _first_batch(define: Definition, params: Params) -> Result | None:
    """Every batch has the indices of the first."""
    if not params.batch_dims:
        return None
    indices = np.empty_like(params.indices)
    indices[...] = params.indices[(0,) * params.batch_dims]
    return _with(define, params, indices)


def _in_order(define: Definition, params: Params) -> Result | None:
    """The last axis of the indices back to front."""
    return _with(define, params, np.ascontiguousarray(params.indices[..., ::-1])) if _square(params) else None


def _square(params: Params) -> bool:
    indexed = params.input_shape[: params.indices_shape[-1]]
    return len(indexed) > 1 and len(set(indexed)) == 1


def _all_first(define: Definition, params: Params) -> Result | None:
    return _with(define, params, np.zeros_like(params.indices))


def _with(define: Definition, params: Params, indices: AnyArray) -> Result:
    kept, params.indices = params.indices, indices
    try:
        return define(params)
    finally:
        params.indices = kept


_EITHER: Mapping[str, Rule] = {"the indices not looked at: always the first": _all_first}

CASES: Mapping[str, OperatorCases] = {
    "gather": OperatorCases(
        define=_gather,
        calls=_gather_calls,
        content=_gather_content,
        mistakes={**_EITHER, "batch_dims ignored: every batch has the indices of the first": _first_batch},
    ),
    "gather_nd": OperatorCases(
        define=_gather_nd,
        calls=_gather_nd_calls,
        content=_gather_nd_content,
        mistakes={**_EITHER, "the indices of a place taken back to front": _in_order},
    ),
}
