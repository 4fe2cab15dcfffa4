"""QUANTIZE. Source of the rules: TFLM ``quantize_common.cc``."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.quantize import prepare
from ember_infer_core.quantization import UNQUANTIZED
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of a QUANTIZE."""
    source.arity((1,))
    input_, output = source.input(0), source.output()
    input_dtype = source.dtype(input_)
    params = source.prepare(
        prepare,
        input_shape=input_.shape,
        output_shape=output.shape,
        input_dtype=input_dtype,
        output_dtype=source.dtype(output),
        input_quant=UNQUANTIZED if input_dtype == np.float32 else source.quant(input_),
        output_quant=source.quant(output),
    )
    return Lowered("quantize", params, {"input": input_.index, "output": output.index})
