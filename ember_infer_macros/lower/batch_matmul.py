"""BATCH_MATMUL. Source of the rules: TFLM ``batch_matmul.cc``."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.batch_matmul import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.options import BatchMatMulOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a BATCH_MATMUL."""
    source.arity((2,))
    options = source.options_or_default(BatchMatMulOptions)
    tensors = {"lhs": source.input(0), "rhs": source.input(1), "output": source.output()}
    dtype = source.dtype(tensors["lhs"])
    quantized = tensors if dtype == np.int8 else ()
    return source.lowered(
        "batch_matmul", prepare, tensors, quantized, adj_x=options.adj_x, adj_y=options.adj_y, dtype=dtype
    )
