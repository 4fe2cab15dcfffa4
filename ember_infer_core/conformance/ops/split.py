"""SPLIT and SPLIT_V."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.split import prepare

__all__ = ["CASES"]


def _calls(drawer: CaseDrawer, equal: bool) -> MovementParams:
    shape, dtype = drawer.shape(1, 5), drawer.dtype("int8", "int16", "int32", "float32")
    axis, count = drawer.integer(-len(shape), len(shape) - 1), drawer.one_of(2, 1, 3, 5)
    before, after = shape[: axis % len(shape)], shape[axis % len(shape) + 1 :]
    sizes = [drawer.integer(1, 4)] * count if equal else [drawer.integer(1, 4) for _ in range(count)]
    return prepare(
        input_shape=(*before, sum(sizes), *after),
        outputs_shapes=tuple((*before, size, *after) for size in sizes),
        axis=axis,
        dtype=dtype,
        equal=equal,
    )


CASES: Mapping[str, OperatorCases] = {
    "split": movement_cases(lambda drawer: _calls(drawer, equal=True)),
    "split_v": movement_cases(lambda drawer: _calls(drawer, equal=False)),
}
