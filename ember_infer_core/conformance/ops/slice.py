"""SLICE."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.slice import prepare

__all__ = ["CASES"]


def _calls(drawer: CaseDrawer) -> MovementParams:
    shape, dtype = drawer.shape(1, 5), drawer.dtype("int8", "int16", "int32", "float32", "bool")
    begin = [drawer.integer(0, size - 1) for size in shape]
    sizes = tuple(drawer.integer(1, size - first) for size, first in zip(shape, begin, strict=True))
    return prepare(input_shape=shape, output_shape=sizes, begin=begin, size=sizes, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"slice": movement_cases(_calls)}
