"""RELU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import Int64Array, clamped, scaled
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.ops.lookup import function_cases
from ember_infer_core.ops.relu import prepare
from ember_infer_core.quantization import quantize_multiplier

__all__ = ["CASES"]


def _real(params: Params, x: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    return np.where(x < 0, np.float32(0), x)


def _quantized(params: Params, values: Int64Array) -> Int64Array:
    """Source: TFLM ``ReluQuantized``."""
    factor = quantize_multiplier(params.input_quant.scale / params.output_quant.scale)
    result = scaled(values - params.input_quant.zero_point, *factor) + params.output_quant.zero_point
    return np.asarray(np.maximum(result, params.output_quant.zero_point))


def _not_requantised(define: Definition, params: Params) -> Result | None:
    if params.input.dtype != np.int8:
        return None
    return clamped(params, np.maximum(params.input.astype(np.int64), params.input_quant.zero_point))


CASES: Mapping[str, OperatorCases] = {
    "relu": function_cases(
        prepare, _real, _quantized, mistakes={"a clamp alone: not requantised to the output's scale": _not_requantised}
    )
}
