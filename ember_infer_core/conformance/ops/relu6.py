"""RELU6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import Int64Array
from ember_infer_core.conformance.cases import OperatorCases, Params
from ember_infer_core.conformance.ops.lookup import as_real_function, function_cases
from ember_infer_core.ops.relu6 import prepare

__all__ = ["CASES"]


def _real(params: Params, x: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    return np.where(x > 6, np.float32(6), np.where(x < 0, np.float32(0), x))


def _quantized(params: Params, values: Int64Array) -> Int64Array:
    """In the input's quantisation, whatever the output's. Source: TFLM ``Relu6Quantized``."""
    zero = params.input_quant.zero_point
    six = min(int(np.float32(6) / np.float32(params.input_quant.scale) + np.float64(0.5)) + zero, 127)
    return np.clip(values, zero, six)


CASES: Mapping[str, OperatorCases] = {
    "relu6": function_cases(
        prepare,
        _real,
        _quantized,
        mistakes={"requantised to the output's scale, which TFLM ignores": as_real_function(_real)},
    )
}
