"""RELU6."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.ops.lookup import REQUANTIZED, draw_lookup, function_cases
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.ops.relu6 import prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _quantized(params: LookupParams) -> AnyArray:
    """Clamped in the input's quantisation, whatever the output's. Source: TFLM ``Relu6Quantized``."""
    zero_point = params.input_quant.zero_point
    six = zero_point + int(np.floor(float(np.float32(6) / np.float32(params.input_quant.scale)) + 0.5))
    values = params.input.astype(np.int64)
    return clamped(params, np.minimum(np.maximum(values, zero_point), max(min(six, 127), zero_point)))


CASES: Mapping[str, OperatorCases] = {
    "relu6": function_cases(
        lambda drawer: prepare(**draw_lookup(drawer, "int8", "float32")),
        lambda x, params: np.where(x > 6, np.float32(6), np.where(x < 0, np.float32(0), x)),
        quantized=_quantized,
        mistakes=REQUANTIZED,
    )
}
