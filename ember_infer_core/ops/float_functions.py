"""Operators of one float32 alone: CEIL, COS, EXP, FLOOR, LOG, NEG, ROUND, SIN, SQRT, SQUARE. TFLM has no others."""

from __future__ import annotations

from ember_infer_core.ops.common import check_same_shape
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.slots import FLOAT32, DType, Shape

__all__ = ["prepare"]


def prepare(*, input_shape: Shape, output_shape: Shape, dtype: DType = FLOAT32) -> LookupParams:
    """The parameters of a call: no table, the operator computes.

    Raises:
        InvalidShape: the shapes contradict each other.
    """
    check_same_shape(input_shape, output_shape)
    return LookupParams(input_shape=input_shape, output_shape=output_shape, input_dtype=dtype, output_dtype=dtype)
