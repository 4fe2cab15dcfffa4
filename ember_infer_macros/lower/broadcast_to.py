"""BROADCAST_TO. Source of the rules: TFLM ``broadcast_to.cc``."""

from __future__ import annotations

from ember_infer_core.ops.broadcast_to import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved_one


def lower(source: OperatorSource) -> Lowered:
    """The call of a BROADCAST_TO."""
    source.arity((2,))
    return moved_one(source, prepare, shape=source.written_numbers(source.input(1)))
