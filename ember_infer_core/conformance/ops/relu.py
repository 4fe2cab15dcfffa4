"""RELU."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped, scaled
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.ops.lookup import REQUANTIZED, draw_lookup, function_cases
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.ops.relu import prepare
from ember_infer_core.quantization import quantize_multiplier
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _quantized(params: LookupParams) -> AnyArray:
    """Requantised, and not below the output's zero point. Source: TFLM ``ReluQuantized``."""
    steps = params.input.astype(np.int64) - params.input_quant.zero_point
    factor = quantize_multiplier(params.input_quant.scale / params.output_quant.scale)
    zero_point = params.output_quant.zero_point
    return clamped(params, np.maximum(scaled(steps, *factor) + zero_point, zero_point))


CASES: Mapping[str, OperatorCases] = {
    "relu": function_cases(
        lambda drawer: prepare(**draw_lookup(drawer, "int8", "float32")),
        lambda x, params: np.where(x < 0, np.float32(0), x),
        quantized=_quantized,
        mistakes=REQUANTIZED,
    )
}
