"""DEQUANTIZE."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.lookup import LOOKUP, REQUANTIZED
from ember_infer_core.ops.dequantize import prepare
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: LookupParams) -> AnyArray:
    """One rounding, of the product: the steps and the scale are exact in float32."""
    steps = params.input.astype(np.float64) - params.input_quant.zero_point
    return np.asarray(steps * params.input_quant.scale).astype(np.float32)


def _calls(drawer: CaseDrawer) -> LookupParams:
    shape, dtype = drawer.shape(0, 5), drawer.dtype("int8", "uint8", "int16")
    zero_point = drawer.zero_point() + (128 if dtype == np.uint8 else 0)
    quant = QuantParam(drawer.scale(-20, 4), zero_point)
    return prepare(input_shape=shape, output_shape=shape, input_dtype=dtype, input_quant=quant)


CASES: Mapping[str, OperatorCases] = {
    "dequantize": OperatorCases(define=_define, calls=_calls, mistakes={**LOOKUP, **REQUANTIZED})
}
