"""TRANSPOSE."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.transpose import prepare

__all__ = ["CASES"]


def _calls(drawer: CaseDrawer) -> MovementParams:
    shape, dtype = drawer.shape(1, 5), drawer.dtype("int8", "int16", "float32")
    perm = tuple(drawer.random.permutation(len(shape)).tolist())
    return prepare(input_shape=shape, output_shape=tuple(shape[axis] for axis in perm), perm=perm, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"transpose": movement_cases(_calls)}
