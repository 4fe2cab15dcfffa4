"""REDUCE_MAX, REDUCE_MIN and REDUCE_ALL, and what reductions and functions of rows share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params, Rule
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed
from ember_infer_core.ops.reduction import ReductionParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES", "FLOAT_ULP", "REDUCTION", "add_in_order", "draw_reduction", "row_by_row", "rows"]

# Exponentials and logarithms of C libraries are off by one now and then, which a row's sum hands on.
FLOAT_ULP = 8


def row_by_row(params: Params, define_row: Callable[[Any, AnyArray], AnyArray]) -> AnyArray:
    """The output of a function of each row along the last axis, which is given parameters and row."""
    rows = params.input.reshape(-1, params.input_shape[-1])
    return np.stack([define_row(params, row) for row in rows]).reshape(params.output_shape)


def add_in_order(values: AnyArray) -> np.float32:
    """The sum in float32, one element after the other."""
    total = np.float32(0)
    for value in values.astype(np.float32):
        total = np.float32(total + value)
    return total


def rows(params: ReductionParams) -> AnyArray:
    """For each element of the output in order, the elements that it comes of, in the order of memory."""
    kept = [axis for axis in range(len(params.input_shape)) if axis not in params.axes]
    count = int(np.prod([params.input_shape[axis] for axis in params.axes], dtype=np.int64))
    return params.input.transpose(*kept, *params.axes).reshape(-1, count)


def draw_reduction(drawer: CaseDrawer, *dtypes: str) -> dict[str, Any]:
    """Shapes, axes (negative and repeated ones, too) and a type."""
    shape = drawer.shape(1, 4)
    axes = tuple(drawer.integer(-len(shape), len(shape) - 1) for _ in range(drawer.one_of(1, 1, 2, 3, 0)))
    reduced, keep = {axis % len(shape) for axis in axes}, drawer.one_of(False, True)
    sizes = [1 if axis in reduced else size for axis, size in enumerate(shape) if keep or axis not in reduced]
    return {"input_shape": shape, "output_shape": tuple(sizes), "axes": axes, "dtype": drawer.dtype(*dtypes)}


def _other_axes(params: Params) -> dict[str, Any] | None:
    """The axes counted from the other end, where the output has as many elements."""
    mirrored = tuple(sorted(len(params.input_shape) - 1 - axis for axis in params.axes))
    sizes = [size for axis, size in enumerate(params.input_shape) if axis not in mirrored]
    fits = np.prod(sizes, dtype=np.int64) == np.prod(params.output_shape, dtype=np.int64)
    return {"axes": mirrored} if fits and mirrored != params.axes else None


REDUCTION: Mapping[str, Rule] = {"axes counted from the wrong end": changed(_other_axes)}


def _cases(dtypes: tuple[str, ...], fold: np.ufunc) -> OperatorCases:
    def define(params: ReductionParams) -> AnyArray:
        return np.asarray(fold.reduce(rows(params), axis=1)).reshape(params.output_shape)

    def calls(drawer: CaseDrawer) -> ReductionParams:
        quant = drawer.quant()
        return prepare(**draw_reduction(drawer, *dtypes), input_quant=quant, output_quant=quant)

    return OperatorCases(define=define, calls=calls, mistakes={**REDUCTION, "only the first of each row": _first})


def _first(define: Definition, params: Params) -> AnyArray:
    return rows(params)[:, 0].reshape(params.output_shape)


CASES: Mapping[str, OperatorCases] = {
    "reduce_all": _cases(("bool",), np.logical_and),
    "reduce_max": _cases(("int8", "float32"), np.maximum),
    "reduce_min": _cases(("int8", "float32"), np.minimum),
}
