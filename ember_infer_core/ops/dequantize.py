"""DEQUANTIZE: its preparation, and the real values. Its parameters are :class:`LookupParams`."""

from __future__ import annotations

from ember_infer_core.ops.common import check_same_shape
from ember_infer_core.ops.lookup import LookupParams, tabulated
from ember_infer_core.quantization import QuantParam, dequantize
from ember_infer_core.slots import FLOAT32, DType, Shape

__all__ = ["prepare"]


def prepare(*, input_shape: Shape, output_shape: Shape, input_dtype: DType, input_quant: QuantParam) -> LookupParams:
    """The parameters of a call: ``scale * (q - zero_point)`` of each element, in float32. Source: TFLM
    ``DequantizePrepare`` and ``reference_ops::Dequantize``.

    Raises:
        InvalidShape: the shapes differ.
    """
    check_same_shape(input_shape, output_shape)
    params = LookupParams(
        input_shape=input_shape,
        output_shape=output_shape,
        input_dtype=input_dtype,
        output_dtype=FLOAT32,
        input_quant=input_quant,
    )
    if input_dtype.itemsize == 1:
        params.table = tabulated(lambda values: dequantize(values, input_quant), input_dtype, FLOAT32)
    return params
