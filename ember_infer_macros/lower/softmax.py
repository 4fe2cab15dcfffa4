"""SOFTMAX. Source of the rules: TFLM ``softmax_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.softmax import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.rows import of_rows
from ember_infer_macros.tflite.options import SoftmaxOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a SOFTMAX."""
    source.arity((1,))
    beta, output_dtype = source.options(SoftmaxOptions).beta, source.dtype(source.output())
    return of_rows(source, "softmax", prepare, beta=beta, output_dtype=output_dtype)
