"""CIRCULAR_BUFFER."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.ops.circular_buffer import CircularBufferParams, prepare
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]


def _define(params: CircularBufferParams) -> list[AnyArray]:
    """Source: TFLM ``circular_buffer.cc``."""
    rows = np.concatenate([params.state, params.input], axis=1)
    return [rows[:, 1:], (params.counter + 1) % np.int32(params.cycles_max)]


def _content(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    """A counter that calls can have left."""
    if slot.name == "counter":
        return random.integers(0, params.cycles_max, slot.shape, np.int32)
    return any_content(params, slot, random)


def _calls(drawer: CaseDrawer) -> CircularBufferParams:
    rows, width, channels = drawer.integer(1, 9), drawer.integer(1, 4), drawer.integer(1, 40)
    return prepare(
        input_shape=(1, 1, width, channels),
        state_shape=(1, rows, width, channels),
        cycles_max=drawer.one_of(1, 2, 3, 1000),
    )


def _downwards(define: Definition, params: Params) -> list[AnyArray]:
    return [np.concatenate([params.input, params.state], axis=1)[:, :-1], _define(params)[1]]


def _in_place(define: Definition, params: Params) -> list[AnyArray]:
    return [np.concatenate([params.state[:, :-1], params.input], axis=1), _define(params)[1]]


def _one_late(define: Definition, params: Params) -> list[AnyArray]:
    return [_define(params)[0], (params.counter + 1) % np.int32(params.cycles_max + 1)]


def _not_counted(define: Definition, params: Params) -> list[AnyArray]:
    return [_define(params)[0], params.counter]


CASES: Mapping[str, OperatorCases] = {
    "circular_buffer": OperatorCases(
        define=_define,
        calls=_calls,
        content=_content,
        mistakes={
            "the new row is put first, and the rows move down": _downwards,
            "the new row takes the last one's place, and the others do not move": _in_place,
            "the run goes on a call too late": _one_late,
            "counter not written": _not_counted,
        },
    )
}
