"""HARD_SWISH."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases, Params
from ember_infer_core.conformance.ops.lookup import Float32Array, draw_lookup, function_cases
from ember_infer_core.ops.hard_swish import prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _real(x: Float32Array, params: Params) -> AnyArray:
    """Source: TFLM ``reference_ops::HardSwish``."""
    return np.asarray(x * np.minimum(np.float32(6), np.maximum(np.float32(0), x + np.float32(3))) / np.float32(6))


CASES: Mapping[str, OperatorCases] = {
    "hard_swish": function_cases(lambda drawer: prepare(**draw_lookup(drawer, "int8", "float32")), _real, ulp=1)
}
