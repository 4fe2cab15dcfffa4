"""REVERSE_V2. Source of the rules: TFLM ``reverse.cc``."""

from __future__ import annotations

from ember_infer_core.ops.reverse_v2 import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved_one


def lower(source: OperatorSource) -> Lowered:
    """The call of a REVERSE_V2."""
    source.arity((2,))
    return moved_one(source, prepare, axes=source.whole_numbers(source.input(1)))
