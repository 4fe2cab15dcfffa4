"""SUB."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Rounding
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.pairs import RESCALED_PAIRS, draw_pair, pair_cases, requantized, rescaled
from ember_infer_core.ops.sub import SubParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _quantized(params: SubParams, rounding: Rounding = "double") -> AnyArray:
    """Source: TFLM ``reference_ops::SubElementwise``."""
    value1, value2 = rescaled(params, rounding)
    return requantized(params, value1 - value2, rounding)


def _calls(drawer: CaseDrawer) -> SubParams:
    return prepare(**draw_pair(drawer, "int8", "float32", "int32"), fused_activation=drawer.activation())


CASES: Mapping[str, OperatorCases] = {
    "sub": pair_cases(_calls, np.subtract, quantized=_quantized, mistakes=RESCALED_PAIRS, activated=True)
}
