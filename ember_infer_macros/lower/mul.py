"""MUL. Source of the rules: TFLM ``mul_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.mul import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.options import MulOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a MUL."""
    source.arity((2,))
    activation = source.activation(source.options_or_default(MulOptions).fused_activation_function)
    return source.lowered("mul", prepare, "input1", "input2", fused_activation=activation)
