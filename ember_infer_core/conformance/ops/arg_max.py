"""ARG_MAX and ARG_MIN."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.contents import values
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.reduction import REDUCTION, rows
from ember_infer_core.ops.arg_max import ArgMaxParams, prepare
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]


def _cases(beats: Callable[[float, float], bool], search: Callable[..., AnyArray]) -> OperatorCases:
    def define(params: ArgMaxParams) -> AnyArray:
        """Source: TFLM ``reference_ops::ArgMinMax``."""
        return np.array([_place(row.tolist()) for row in rows(params)], np.int32).reshape(params.output_shape)

    def _place(row: list[float]) -> int:
        best = 0
        for place, value in enumerate(row):
            if beats(value, row[best]):
                best = place
        return best

    def last(define: Definition, params: Params) -> AnyArray:
        found = rows(params)[:, ::-1]
        places: AnyArray = found.shape[1] - 1 - search(found, axis=1)
        return places.astype(np.int32).reshape(params.output_shape)

    return OperatorCases(
        define=define,
        calls=_calls,
        content=_content,
        mistakes={**REDUCTION, "the last of equal elements, instead of the first": last},
    )


def _calls(drawer: CaseDrawer) -> ArgMaxParams:
    shape = drawer.shape(1, 4)
    axis = drawer.integer(-len(shape), len(shape) - 1)
    sizes = [size for place, size in enumerate(shape) if place != axis % len(shape)]
    return prepare(input_shape=shape, output_shape=tuple(sizes), axes=(axis,), dtype=drawer.dtype("int8", "float32"))


def _content(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Few different values, so that many are equal."""
    if random.random() < 0.5:
        return values(slot.shape, slot.dtype.type, random)
    return np.asarray(random.integers(-1, 2, slot.shape)).astype(slot.dtype)


CASES: Mapping[str, OperatorCases] = {
    "arg_max": _cases(lambda value, best: value > best, np.argmax),
    "arg_min": _cases(lambda value, best: value < best, np.argmin),
}
