"""SELECT_V2."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import swapped
from ember_infer_core.ops.select_v2 import SelectParams, prepare
from ember_infer_core.slots import AnyArray, Shape

__all__ = ["CASES"]


def _define(params: SelectParams) -> AnyArray:
    return np.asarray(np.where(params.condition, params.x, params.y))


def _calls(drawer: CaseDrawer) -> SelectParams:
    shape = drawer.shape(0, 5)

    def part() -> Shape:
        return tuple(drawer.one_of(size, size, 1) for size in shape)[drawer.integer(0, len(shape)) :]

    shapes = [shape, part(), part()]
    condition, x, y = (shapes[place] for place in drawer.random.permutation(3))
    dtype = np.dtype(drawer.one_of(np.int8, np.int16, np.float32))
    return prepare(condition_shape=condition, x_shape=x, y_shape=y, output_shape=shape, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {
    "select_v2": OperatorCases(
        define=_define, calls=_calls, mistakes={"x and y swapped: x where the condition is false": swapped("x", "y")}
    )
}
