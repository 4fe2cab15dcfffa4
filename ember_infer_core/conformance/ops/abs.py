"""ABS."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped, scaled
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.ops.lookup import REQUANTIZED, draw_lookup, function_cases
from ember_infer_core.ops.abs import prepare
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.quantization import quantize_multiplier
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _quantized(params: LookupParams) -> AnyArray:
    """Not rescaled where the scales are equal. Source: TFLM ``AbsEvalQuantized``."""
    steps = np.abs(params.input.astype(np.int64) - params.input_quant.zero_point)
    ratio = params.input_quant.scale / params.output_quant.scale
    if ratio != 1:
        steps = scaled(steps, *quantize_multiplier(ratio))
    return clamped(params, steps + params.output_quant.zero_point)


CASES: Mapping[str, OperatorCases] = {
    "abs": function_cases(
        lambda drawer: prepare(**draw_lookup(drawer, "int8", "float32")),
        lambda x, params: np.abs(x),
        quantized=_quantized,
        mistakes=REQUANTIZED,
    )
}
