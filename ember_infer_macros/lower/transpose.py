"""TRANSPOSE. Source of the rules: TFLM ``transpose_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.transpose import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved_one


def lower(source: OperatorSource) -> Lowered:
    """The call of a TRANSPOSE."""
    source.arity((2,))
    return moved_one(source, prepare, perm=source.written_numbers(source.input(1)))
