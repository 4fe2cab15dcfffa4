"""LOGISTIC, and the range of its input, which TANH shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import Int64Array, scaled
from ember_infer_core.conformance.cases import OperatorCases, Params, Regression
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.lookup import as_real_function, every_value, function_cases
from ember_infer_core.fixed_point import rounding_divide_by_pot
from ember_infer_core.ops.logistic import prepare
from ember_infer_core.quantization import QuantParam, quantize_multiplier
from ember_infer_core.transcendental import logistic

__all__ = ["CASES", "saturating"]


def _real(params: Params, x: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    """Source: TFLM ``reference_ops::Logistic``, which has cut-offs."""
    exponential = np.exp(np.minimum(x, 30).astype(np.float64))
    return np.where(x > np.float32(16.619047), 1.0, np.where(x < -9, exponential, exponential / (1 + exponential)))


def _quantized(params: Params, values: Int64Array) -> Int64Array:
    """Source: TFLM ``reference_integer_ops::Logistic``."""
    operand, side = saturating(params, values)
    inside = np.minimum(rounding_divide_by_pot(logistic(operand), 23), 255) - 128
    return np.where(side < 0, -128, np.where(side > 0, 127, inside))


def saturating(params: Params, values: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The input as Q4.27, and where it leaves the range of 15 and more: -1 below, 1 above, 0 within."""
    multiplier, shift = quantize_multiplier(params.input_quant.scale * 2**27)
    radius = 15 * 2**27 // 2**shift
    steps = values - params.input_quant.zero_point
    side = np.where(steps <= -radius, -1, np.where(steps >= radius, 1, 0))
    return scaled(np.where(side == 0, steps, 0), multiplier, shift), side


def _draw(drawer: CaseDrawer, of_int8: bool) -> dict[str, Any]:
    return {"output_quant": QuantParam(1 / 256, -128)} if of_int8 else {}


CASES: Mapping[str, OperatorCases] = {
    "logistic": function_cases(
        prepare,
        _real,
        _quantized,
        draw=_draw,
        mistakes={"the real function, rounded: not gemmlowp's fixed point": as_real_function(_real)},
        regressions={
            "ties of logistic": Regression(
                "the real function, rounded, differs from gemmlowp's in few elements: near ties, at powers of two",
                lambda: [every_value(prepare, QuantParam(2.0**-n, 0), QuantParam(1 / 256, -128)) for n in range(6, 14)],
            )
        },
        ulp=2,
    )
}
