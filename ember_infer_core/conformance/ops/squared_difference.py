"""SQUARED_DIFFERENCE."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Rounding, clamped
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.pairs import (
    SCALED_PAIRS,
    draw_dtype,
    draw_shapes,
    pair_content,
    plain_result,
)
from ember_infer_core.conformance.ops.rescaled_pairs import RESCALED_PAIRS, output_scaled, rescaled
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.squared_difference import SquaredDifferenceParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: SquaredDifferenceParams, rounding: Rounding = "double") -> AnyArray:
    """Source: TFLM ``SquaredDifference`` of both kinds."""
    if params.dtype != np.int8:
        difference = plain_result(params, np.subtract)
        with np.errstate(all="ignore"):  # int32 wraps
            return difference * difference
    first, second = rescaled(params, rounding)
    return clamped(params, output_scaled(params, wrap_int32((first - second) ** 2), rounding))


def _calls(drawer: CaseDrawer) -> SquaredDifferenceParams:
    return prepare(
        **draw_shapes(drawer),
        dtype=draw_dtype(drawer),
        input1_quant=drawer.quant(-4, 0),
        input2_quant=drawer.quant(-4, 0),
        output_quant=drawer.quant(-4, 6),
    )


CASES: Mapping[str, OperatorCases] = {
    "squared_difference": OperatorCases(
        define=_define, calls=_calls, content=pair_content, mistakes={**SCALED_PAIRS, **RESCALED_PAIRS}
    )
}
