"""LOGISTIC."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.lookup import Float32Array, draw_lookup, function_cases
from ember_infer_core.ops.logistic import prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]

_LOWER, _UPPER = np.float32(-9.0), np.float32(16.619047164916992188)


def _real(x: Float32Array, params: Params) -> AnyArray:
    """Source: TFLM ``reference_ops::Logistic``, with its cut-offs."""
    exact = x.astype(np.float64)
    inside = np.float32(1) / (np.float32(1) + np.exp(-exact).astype(np.float32))
    return np.where(x > _UPPER, np.float32(1), np.where(x < _LOWER, np.exp(exact).astype(np.float32), inside))


def _calls(drawer: CaseDrawer) -> Params:
    fields = draw_lookup(drawer, "int8", "float32")
    if fields["dtype"] == np.int8:
        fields["output_quant"] = QuantParam(1 / 256, -128)
    return prepare(**fields)


CASES: Mapping[str, OperatorCases] = {"logistic": function_cases(_calls, _real, ulp=2)}
