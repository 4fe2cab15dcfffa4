"""PAD and PADV2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.pad import prepare, prepare_v2

__all__ = ["CASES"]


def _draw(drawer: CaseDrawer) -> dict[str, Any]:
    shape, dtype = drawer.shape(1, 5), drawer.dtype("int8", "int16", "int32", "float32")
    paddings = [drawer.one_of(0, 1, 2, 5) for _ in range(2 * len(shape))]
    output = tuple(size + sum(paddings[2 * axis : 2 * axis + 2]) for axis, size in enumerate(shape))
    return {"input_shape": shape, "output_shape": output, "paddings": paddings, "dtype": dtype}


def _pad(drawer: CaseDrawer) -> MovementParams:
    return prepare(**_draw(drawer), zero_point=drawer.zero_point())


def _padv2(drawer: CaseDrawer) -> MovementParams:
    return prepare_v2(**_draw(drawer), value_shape=drawer.one_of((), (1,), (1, 1)))


CASES: Mapping[str, OperatorCases] = {"pad": movement_cases(_pad), "padv2": movement_cases(_padv2)}
