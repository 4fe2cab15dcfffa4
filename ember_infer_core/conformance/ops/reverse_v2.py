"""REVERSE_V2."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.reverse_v2 import prepare

__all__ = ["CASES"]


def _calls(drawer: CaseDrawer) -> MovementParams:
    shape, dtype = drawer.shape(1, 6), drawer.dtype("int8", "int16", "int32", "float32", "uint8", "bool")
    first = drawer.integer(0, len(shape) - 1)
    axes = range(first, drawer.integer(first, len(shape) - 1) + 1)
    return prepare(input_shape=shape, output_shape=shape, axes=axes, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"reverse_v2": movement_cases(_calls)}
