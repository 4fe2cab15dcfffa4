"""LEAKY_RELU. Source of the rules: TFLM ``leaky_relu_common.cc``."""

from __future__ import annotations

from ember_infer_macros.lower import lookup
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.options import LeakyReluOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a LEAKY_RELU."""
    return lookup.lower(source, alpha=source.options_or_default(LeakyReluOptions).alpha)
