"""Operators of one float32 alone: CEIL, COS, EXP, FLOOR, LOG, NEG, ROUND, SIN, SQRT, SQUARE. TFLM has no others."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.lookup import LookupParams, check_same_shape
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare"]

_FLOAT32: DType = np.dtype(np.float32)


def prepare(*, input_shape: Shape, output_shape: Shape, dtype: DType = _FLOAT32) -> LookupParams:
    """The parameters of a call: no table, the operator computes.

    Raises:
        InvalidShape: the shapes contradict each other.
    """
    check_same_shape(input_shape, output_shape)
    return LookupParams(input_shape=input_shape, output_shape=output_shape, input_dtype=dtype, output_dtype=dtype)
