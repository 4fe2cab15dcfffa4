"""SQUARED_DIFFERENCE. Source of the rules: TFLM ``squared_difference.cc``."""

from __future__ import annotations

from ember_infer_core.ops.squared_difference import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.pairs import lower_pair


def lower(source: OperatorSource) -> Lowered:
    """The call of a SQUARED_DIFFERENCE."""
    return lower_pair(source, prepare)
