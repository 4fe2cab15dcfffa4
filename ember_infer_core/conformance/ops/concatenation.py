"""CONCATENATION."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.concatenation import prepare
from ember_infer_core.ops.movement import MovementParams

__all__ = ["CASES"]


def _calls(drawer: CaseDrawer) -> MovementParams:
    shape, dtype = drawer.shape(1, 5), drawer.dtype("int8", "int16", "int32", "float32", "bool")
    axis = drawer.integer(-len(shape), len(shape) - 1)
    before, after = shape[: axis % len(shape)], shape[axis % len(shape) + 1 :]
    sizes = [drawer.integer(1, 5) for _ in range(drawer.one_of(2, 1, 3, 10))]
    shapes = tuple((*before, size, *after) for size in sizes)
    return prepare(inputs_shapes=shapes, output_shape=(*before, sum(sizes), *after), axis=axis, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"concatenation": movement_cases(_calls)}
