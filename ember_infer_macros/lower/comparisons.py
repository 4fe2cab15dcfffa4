"""EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL. Source of the rules: TFLM ``comparisons.cc``."""

from __future__ import annotations

from ember_infer_core.ops.comparisons import Comparison, prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.pairs import lower_pair


def lower(source: OperatorSource) -> Lowered:
    """The call of a comparison."""
    comparison = Comparison[source.operator.name]
    return lower_pair(source, prepare, quantized=("input1", "input2"), comparison=comparison)
