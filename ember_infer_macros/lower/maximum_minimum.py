"""MAXIMUM and MINIMUM. Source of the rules: TFLM ``maximum_minimum.cc``."""

from __future__ import annotations

from ember_infer_core.ops.maximum_minimum import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.pairs import lower_pair
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a MAXIMUM or MINIMUM."""
    return lower_pair(source, prepare, quantized=(), largest=source.operator.code is BuiltinOperator.MAXIMUM)
