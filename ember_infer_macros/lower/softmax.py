"""SOFTMAX. Source of the rules: TFLM ``softmax_common.cc``."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.ops.softmax import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.rows import of_rows
from ember_infer_macros.tflite.options import SoftmaxOptions

# By the type of the output. Backends must have the first; the others, which are rare, have names of their own.
_METHODS: Mapping[str, str] = {"int8": "softmax", "int16": "softmax_int16", "float32": "softmax_float32"}


def lower(source: OperatorSource) -> Lowered:
    """The call of a SOFTMAX."""
    source.arity((1,))
    output_dtype = source.dtype(source.output())
    beta = source.options(SoftmaxOptions).beta
    return of_rows(source, _METHODS[output_dtype.name], prepare, beta=beta, output_dtype=output_dtype)
