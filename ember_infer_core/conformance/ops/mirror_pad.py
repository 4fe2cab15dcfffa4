"""MIRROR_PAD."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.mirror_pad import prepare
from ember_infer_core.ops.movement import MovementParams

__all__ = ["CASES"]


def _calls(drawer: CaseDrawer) -> MovementParams:
    shape, symmetric = drawer.shape(1, 5), drawer.one_of(True, False)
    paddings = [drawer.integer(0, min(3, size - (not symmetric))) for size in shape for _ in range(2)]
    padded = tuple(size + sum(paddings[2 * axis : 2 * axis + 2]) for axis, size in enumerate(shape))
    dtype = drawer.dtype("int8", "float32")
    return prepare(input_shape=shape, output_shape=padded, paddings=paddings, symmetric=symmetric, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"mirror_pad": movement_cases(_calls)}
