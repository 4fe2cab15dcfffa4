"""L2_NORMALIZATION. Source of the rules: TFLM ``l2norm.cc``."""

from __future__ import annotations

from ember_infer_core.ops.l2_normalization import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.rows import of_rows
from ember_infer_macros.tflite.options import L2NormOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of an L2_NORMALIZATION."""
    source.arity((1,))
    activation = source.activation(source.options_or_default(L2NormOptions).fused_activation_function)
    return of_rows(source, "l2_normalization", prepare, fused_activation=activation)
