"""Operators that move elements: their definition is the list of copies that their parameters hold."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping

import numpy as np

from ember_infer_core.conformance.cases import Content, Definition, OperatorCases, Params, Rule
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.mistakes import constant
from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.strided import StridedCopy
from ember_infer_core.slots import AnyArray

__all__ = ["movement_cases"]


def movement_cases(calls: Callable[[CaseDrawer], Params], content: Content = any_content) -> OperatorCases:
    """Cases of an operator whose parameters are :class:`MovementParams`."""
    return OperatorCases(define=_moved, calls=calls, content=content, mistakes=MOVEMENT)


def _moved(params: MovementParams) -> list[AnyArray]:
    """Element by element, in the order of the copies."""
    outputs = [np.full(shape, params.fill or 0, params.dtype) for shape in params.outputs_shapes]
    for copy in params.copies:
        source, target = params.inputs[copy.source].reshape(-1), outputs[copy.target].reshape(-1)
        target[_places(copy.target_start, copy.sizes, copy.target_steps)] = source[
            _places(copy.source_start, copy.sizes, copy.source_steps)
        ]
    return outputs


def _places(start: int, sizes: tuple[int, ...], steps: tuple[int, ...]) -> AnyArray:
    indices = np.indices(sizes).reshape(len(sizes), math.prod(sizes))
    return np.asarray(start + (indices * np.array(steps, np.int64).reshape(-1, 1)).sum(0))


def _copies(change: Callable[[StridedCopy], StridedCopy]) -> Rule:
    """The rule that makes other copies, where they stay inside the tensors."""

    def rule(define: Definition, params: Params) -> Result | None:
        try:
            return define(dataclasses.replace(params, copies=tuple(map(change, params.copies))))
        except InvalidShape:
            return None

    return rule


def _contiguous(copy: StridedCopy) -> StridedCopy:
    steps = [1] * len(copy.sizes)
    for axis in range(len(steps) - 1, 0, -1):
        steps[axis - 1] = steps[axis] * copy.sizes[axis]
    return dataclasses.replace(copy, source_steps=tuple(steps))


def _forwards(copy: StridedCopy) -> StridedCopy:
    """Negative steps walked the other way, from the place that would have been the last."""
    back = sum((size - 1) * step for size, step in zip(copy.sizes, copy.source_steps, strict=True) if step < 0)
    return dataclasses.replace(
        copy, source_start=copy.source_start + back, source_steps=tuple(map(abs, copy.source_steps))
    )


def _in_reverse(define: Definition, params: Params) -> Result:
    return define(dataclasses.replace(params, copies=params.copies[::-1]))


MOVEMENT: Mapping[str, Rule] = {
    "filled with 0 instead of the fill": constant(fill=0),
    "steps of the source ignored: its elements taken one after another": _copies(_contiguous),
    "negative steps taken for positive ones": _copies(_forwards),
    "the start in the source ignored": _copies(lambda copy: dataclasses.replace(copy, source_start=0)),
    "every copy reads the first input": _copies(lambda copy: dataclasses.replace(copy, source=0)),
    "copies made in reverse order": _in_reverse,
}
