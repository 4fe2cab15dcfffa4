"""DEQUANTIZE. Source of the rules: TFLM ``dequantize_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.dequantize import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of a DEQUANTIZE."""
    source.arity((1,))
    input_, output = source.input(0), source.output()
    params = source.prepare(
        prepare,
        input_shape=input_.shape,
        output_shape=output.shape,
        input_dtype=source.dtype(input_),
        input_quant=source.first_quant(input_),
    )
    return Lowered("dequantize", params, {"input": input_.index, "output": output.index})
