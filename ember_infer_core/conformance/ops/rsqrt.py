"""RSQRT."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.ops.lookup import draw_lookup, function_cases
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.ops.rsqrt import prepare
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]


def _defined(params: LookupParams, slot: Slot, random: np.random.Generator) -> AnyArray:
    """No int8 below the zero point."""
    array = any_content(params, slot, random)
    return array if params.lowest_input is None else np.maximum(array, np.int8(params.lowest_input))


CASES: Mapping[str, OperatorCases] = {
    "rsqrt": function_cases(
        lambda drawer: prepare(**draw_lookup(drawer, "int8", "float32")),
        lambda x, params: np.float32(1) / np.sqrt(x),
        content=_defined,
    )
}
