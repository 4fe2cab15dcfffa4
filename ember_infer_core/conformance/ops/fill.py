"""FILL and ZEROS_LIKE."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.fill import prepare, prepare_zeros_like
from ember_infer_core.ops.movement import MovementParams

__all__ = ["CASES"]


def _fill(drawer: CaseDrawer) -> MovementParams:
    shape, dtype = drawer.shape(1, 5), drawer.dtype("int8", "int32", "float32")
    return prepare(value_shape=(), output_shape=shape, dims=shape, dtype=dtype)


def _zeros_like(drawer: CaseDrawer) -> MovementParams:
    shape, dtype = drawer.shape(0, 5), drawer.dtype("int8", "int32", "float32")
    return prepare_zeros_like(input_shape=shape, output_shape=shape, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"fill": movement_cases(_fill), "zeros_like": movement_cases(_zeros_like)}
