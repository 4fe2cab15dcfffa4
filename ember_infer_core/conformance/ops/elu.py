"""ELU."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.ops.lookup import draw_lookup, function_cases
from ember_infer_core.ops.elu import prepare

__all__ = ["CASES"]

CASES: Mapping[str, OperatorCases] = {
    "elu": function_cases(
        lambda drawer: prepare(**draw_lookup(drawer, "int8", "float32")),
        lambda x, params: np.where(x < 0, np.expm1(x.astype(np.float64)).astype(np.float32), x),
        ulp=1,
    )
}
