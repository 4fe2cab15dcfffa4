"""LOG_SOFTMAX. Source of the rules: TFLM ``log_softmax.cc``."""

from __future__ import annotations

from ember_infer_core.ops.log_softmax import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.rows import of_rows


def lower(source: OperatorSource) -> Lowered:
    """The call of a LOG_SOFTMAX."""
    source.arity((1,))
    return of_rows(source, "log_softmax", prepare)
