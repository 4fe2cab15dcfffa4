"""PACK and UNPACK."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.pack import prepare, prepare_unpack
from ember_infer_core.slots import DType, Shape

__all__ = ["CASES"]


def _draw(drawer: CaseDrawer) -> tuple[tuple[Shape, ...], Shape, int, DType]:
    """The parts, what they make together, the axis and the type."""
    shape, count = drawer.shape(0, 3), drawer.integer(1, 5)
    axis = drawer.integer(-len(shape) - 1, len(shape))
    place = axis % (len(shape) + 1)
    dtype = drawer.dtype("int8", "int16", "int32", "float32")
    return (shape,) * count, (*shape[:place], count, *shape[place:]), axis, dtype


def _pack(drawer: CaseDrawer) -> MovementParams:
    parts, whole, axis, dtype = _draw(drawer)
    return prepare(inputs_shapes=parts, output_shape=whole, axis=axis, dtype=dtype)


def _unpack(drawer: CaseDrawer) -> MovementParams:
    parts, whole, axis, dtype = _draw(drawer)
    return prepare_unpack(input_shape=whole, outputs_shapes=parts, axis=axis, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"pack": movement_cases(_pack), "unpack": movement_cases(_unpack)}
