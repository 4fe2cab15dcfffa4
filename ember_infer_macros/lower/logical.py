"""LOGICAL_AND, LOGICAL_OR and LOGICAL_NOT. Source of the rules: TFLM ``logical_common.cc`` and ``elementwise.cc``."""

from __future__ import annotations

from ember_infer_core.ops.logical import prepare, prepare_not
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.pairs import lower_pair
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a logical operator."""
    if source.operator.code is not BuiltinOperator.LOGICAL_NOT:
        return lower_pair(source, prepare, conjunction=source.operator.code is BuiltinOperator.LOGICAL_AND)
    source.arity((1,))
    return source.lowered("logical_not", prepare_not, {"input": source.input(0), "output": source.output()})
