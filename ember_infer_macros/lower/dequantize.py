"""DEQUANTIZE. Source of the rules: TFLM ``dequantize_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.dequantize import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of a DEQUANTIZE."""
    source.arity((1,))
    tensors = {"input": source.input(0), "output": source.output()}
    quant = source.first_quant(tensors["input"])
    dtype = source.dtype(tensors["input"])
    return source.lowered("dequantize", prepare, tensors, input_dtype=dtype, input_quant=quant)
