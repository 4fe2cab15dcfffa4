"""SQUARED_DIFFERENCE."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.arithmetic import Rounding
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.ops.pairs import RESCALED_PAIRS, draw_pair, pair_cases, requantized, rescaled
from ember_infer_core.ops.squared_difference import SquaredDifferenceParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _quantized(params: SquaredDifferenceParams, rounding: Rounding = "double") -> AnyArray:
    """Source: TFLM ``SquaredDifference`` with ``ArithmeticParams``."""
    value1, value2 = rescaled(params, rounding)
    return requantized(params, (value1 - value2) ** 2, rounding)


CASES: Mapping[str, OperatorCases] = {
    "squared_difference": pair_cases(
        lambda drawer: prepare(**draw_pair(drawer, "int8", "float32", "int32")),
        lambda value1, value2: (value1 - value2) * (value1 - value2),
        quantized=_quantized,
        mistakes=RESCALED_PAIRS,
    )
}
