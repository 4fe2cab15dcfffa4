"""ELU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import Int64Array
from ember_infer_core.conformance.cases import OperatorCases, Params
from ember_infer_core.conformance.ops.lookup import as_real_function, function_cases
from ember_infer_core.ops.elu import prepare

__all__ = ["CASES"]


def _real(params: Params, x: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    return np.where(x < 0, np.expm1(np.minimum(x, 0).astype(np.float64)), x)


def _quantized(params: Params, values: Int64Array) -> npt.NDArray[Any]:
    """In float32, step by step. Source: TFLM ``EluPrepare``."""
    x = np.float32(params.input_quant.scale) * (values - params.input_quant.zero_point).astype(np.float32)
    negative = np.exp(np.minimum(x, 0).astype(np.float64)).astype(np.float32) - np.float32(1)
    steps = np.where(x < 0, negative, x) * (np.float32(1) / np.float32(params.output_quant.scale))
    away_from_zero = np.floor(np.abs(steps.astype(np.float64)) + 0.5) * np.sign(steps)
    return np.asarray(away_from_zero.astype(np.float32) + np.float32(params.output_quant.zero_point))


CASES: Mapping[str, OperatorCases] = {
    "elu": function_cases(
        prepare,
        _real,
        _quantized,
        mistakes={"real values, rounded half to even: not by way of float32": as_real_function(_real)},
        ulp=2,
    )
}
