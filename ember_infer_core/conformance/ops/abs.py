"""ABS."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Int64Array, scaled
from ember_infer_core.conformance.cases import OperatorCases, Params
from ember_infer_core.conformance.ops.lookup import function_cases
from ember_infer_core.ops.abs import prepare
from ember_infer_core.quantization import quantize_multiplier

__all__ = ["CASES"]


def _quantized(params: Params, values: Int64Array) -> Int64Array:
    """Source: TFLM ``AbsEvalQuantized``."""
    size = abs(values - params.input_quant.zero_point)
    if params.input_quant.scale != params.output_quant.scale:
        size = scaled(size, *quantize_multiplier(params.input_quant.scale / params.output_quant.scale))
    return np.asarray(size + params.output_quant.zero_point)


CASES: Mapping[str, OperatorCases] = {"abs": function_cases(prepare, lambda _, x: np.abs(x), _quantized)}
