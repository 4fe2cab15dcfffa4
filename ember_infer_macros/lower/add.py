"""ADD. Source of the rules: TFLM ``add_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.add import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.pairs import check_unquantized, lower_pair
from ember_infer_macros.tflite.options import AddOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of an ADD."""
    check_unquantized(source, source.input(0), source.input(1))
    activation = source.activation(source.options_or_default(AddOptions).fused_activation_function)
    return lower_pair(source, prepare, fused_activation=activation)
