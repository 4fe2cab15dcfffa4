"""DYNAMIC_UPDATE_SLICE."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.dynamic_update_slice import prepare
from ember_infer_core.ops.movement import MovementParams

__all__ = ["CASES"]


def _calls(drawer: CaseDrawer) -> MovementParams:
    shape, dtype = drawer.shape(1, 6), drawer.dtype("int8", "int16", "int32", "float32")
    update = tuple(drawer.integer(1, size) for size in shape)
    start = [drawer.integer(-1, size) for size in shape]
    return prepare(operand_shape=shape, update_shape=update, output_shape=shape, start=start, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"dynamic_update_slice": movement_cases(_calls)}
