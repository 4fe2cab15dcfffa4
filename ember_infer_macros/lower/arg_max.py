"""ARG_MAX and ARG_MIN. Source of the rules: TFLM ``arg_min_max.cc``."""

from __future__ import annotations

from ember_infer_core.ops.arg_max import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of an ARG_MAX or an ARG_MIN. The option ``output_type`` has no meaning: the output's type says it."""
    source.arity((2,))
    tensors = {"input": source.input(0), "output": source.output()}
    axes = tuple(source.whole_numbers(source.input(1)))
    dtype = source.dtype(tensors["input"])
    return source.lowered(source.operator.name.lower(), prepare, tensors, axes=axes, dtype=dtype)
