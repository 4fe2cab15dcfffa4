"""MUL. Source of the rules: TFLM ``mul_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.mul import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.pairs import lower_pair
from ember_infer_macros.tflite.options import MulOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a MUL."""
    activation = source.activation(source.options_or_default(MulOptions).fused_activation_function)
    return lower_pair(source, prepare, fused_activation=activation)
