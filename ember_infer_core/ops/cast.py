"""CAST: its preparation, and the conversion. Its parameters are :class:`LookupParams`."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.common import check_same_shape
from ember_infer_core.ops.lookup import LookupParams, tabulated
from ember_infer_core.quantization import integer_range
from ember_infer_core.slots import AnyArray, DType, Shape

__all__ = ["cast_elements", "prepare"]


def prepare(*, input_shape: Shape, output_shape: Shape, input_dtype: DType, output_dtype: DType) -> LookupParams:
    """The parameters of a call. Source: TFLM ``cast.cc``, which does not look at quantisation.

    Raises:
        InvalidShape: the shapes differ.
    """
    check_same_shape(input_shape, output_shape)
    params = LookupParams(
        input_shape=input_shape, output_shape=output_shape, input_dtype=input_dtype, output_dtype=output_dtype
    )
    if input_dtype == np.int8:
        params.table = tabulated(lambda values: cast_elements(values, output_dtype), input_dtype, output_dtype)
    return params


def cast_elements(values: AnyArray, dtype: DType) -> AnyArray:
    """The values in another type: integers wrap; floats are truncated and saturate, and NaN becomes 0."""
    if values.dtype.kind != "f" or dtype.kind not in "iu":
        return values.astype(dtype)
    numbers = np.where(np.isnan(values), 0.0, values.astype(np.float64))
    return np.clip(numbers, *integer_range(dtype)).astype(dtype)
