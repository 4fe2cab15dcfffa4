"""CAST. Source of the rules: TFLM ``cast.cc``, which takes the types from the tensors and not from the options."""

from __future__ import annotations

from ember_infer_core.ops.cast import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of a CAST."""
    source.arity((1,))
    tensors = {"input": source.input(0), "output": source.output()}
    dtypes = source.dtype(tensors["input"]), source.dtype(tensors["output"])
    return source.lowered("cast", prepare, tensors, input_dtype=dtypes[0], output_dtype=dtypes[1])
