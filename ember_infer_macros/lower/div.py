"""DIV, FLOOR_DIV and FLOOR_MOD. Source of the rules: TFLM ``div.cc``, ``floor_div.cc`` and ``floor_mod.cc``."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.div import prepare, prepare_floor_div, prepare_floor_mod
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.lower.pairs import check_unquantized, lower_pair
from ember_infer_macros.tflite.options import DivOptions
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a quotient or remainder."""
    if source.operator.code is BuiltinOperator.FLOOR_DIV:
        return lower_pair(source, prepare_floor_div)
    if source.operator.code is BuiltinOperator.FLOOR_MOD:
        return lower_pair(source, prepare_floor_mod)
    if source.dtype(source.input(0)) == np.int8:
        raise Refusal(
            "of int8, TensorFlow Lite Micro shifts small quotients by more bits than a number has, which gives other "
            "results on every processor; multiply by the reciprocal, or divide in float32"
        )
    check_unquantized(source, source.input(0), source.input(1))
    activation = source.activation(source.options_or_default(DivOptions).fused_activation_function)
    return lower_pair(source, prepare, fused_activation=activation)
