"""TANH."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import Int64Array
from ember_infer_core.conformance.cases import OperatorCases, Params, Regression
from ember_infer_core.conformance.ops.logistic import saturating
from ember_infer_core.conformance.ops.lookup import as_real_function, every_value, function_cases
from ember_infer_core.fixed_point import rounding_divide_by_pot
from ember_infer_core.ops.tanh import prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.transcendental import tanh

__all__ = ["CASES"]


def _real(params: Params, x: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    return np.tanh(x.astype(np.float64))


def _quantized(params: Params, values: Int64Array) -> Int64Array:
    """Source: TFLM ``reference_integer_ops::Tanh``, which takes the output's scale for 1/128 whatever it is."""
    operand, side = saturating(params, values)
    return np.where(side == 0, rounding_divide_by_pot(tanh(operand), 24), 128 * side)


CASES: Mapping[str, OperatorCases] = {
    "tanh": function_cases(
        prepare,
        _real,
        _quantized,
        mistakes={"the real function in the output's quantisation, which TFLM ignores": as_real_function(_real)},
        regressions={
            "ties of tanh": Regression(
                "the real function, rounded, differs from gemmlowp's in few elements: near ties, at powers of two",
                lambda: [every_value(prepare, QuantParam(2.0**-n, 0), QuantParam(1 / 128, 0)) for n in range(6, 14)],
            )
        },
        ulp=2,
    )
}
