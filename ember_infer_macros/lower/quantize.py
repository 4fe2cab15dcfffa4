"""QUANTIZE. Source of the rules: TFLM ``quantize_common.cc``."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.quantize import prepare
from ember_infer_core.quantization import UNQUANTIZED
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of a QUANTIZE."""
    source.arity((1,))
    tensors = {"input": source.input(0), "output": source.output()}
    dtypes = {f"{slot}_dtype": source.dtype(tensor) for slot, tensor in tensors.items()}
    if dtypes["input_dtype"] == np.float32:
        return source.lowered("quantize", prepare, tensors, ["output"], input_quant=UNQUANTIZED, **dtypes)
    return source.lowered("quantize", prepare, tensors, tensors, **dtypes)
