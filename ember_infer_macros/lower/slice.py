"""SLICE. Source of the rules: TFLM ``slice.cc``."""

from __future__ import annotations

from ember_infer_core.ops.slice import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved_one


def lower(source: OperatorSource) -> Lowered:
    """The call of a SLICE."""
    source.arity((3,))
    begin, size = (source.whole_numbers(source.input(position)) for position in (1, 2))
    return moved_one(source, prepare, begin=begin, size=size)
