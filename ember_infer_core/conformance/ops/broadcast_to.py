"""BROADCAST_TO."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.broadcast_to import prepare
from ember_infer_core.ops.movement import MovementParams

__all__ = ["CASES"]


def _calls(drawer: CaseDrawer) -> MovementParams:
    shape, dtype = drawer.shape(1, 5), drawer.dtype("int8", "int16", "int32", "float32", "uint8", "bool")
    kept = tuple(drawer.one_of(size, size, 1) for size in shape)[drawer.integer(0, len(shape)) :]
    return prepare(input_shape=kept, output_shape=shape, shape=shape, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"broadcast_to": movement_cases(_calls)}
