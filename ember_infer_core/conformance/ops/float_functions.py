"""CEIL, COS, EXP, FLOOR, LOG, NEG, ROUND, SIN, SQRT, SQUARE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.ops.lookup import function_cases
from ember_infer_core.ops.float_functions import prepare
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]

# What IEEE 754 defines to the last bit.
_EXACT: Mapping[str, Callable[[Any], Any]] = {
    "ceil": np.ceil,
    "floor": np.floor,
    "neg": np.negative,
    "sqrt": np.sqrt,
    "square": np.square,
}
# What C libraries have within a unit in the last place.
_FROM_A_LIBRARY: Mapping[str, Callable[[Any], Any]] = {"cos": np.cos, "exp": np.exp, "log": np.log, "sin": np.sin}


def _exact(function: Callable[[Any], Any]) -> OperatorCases:
    return function_cases(prepare, lambda _, x: function(x))


def _from_a_library(function: Callable[[Any], Any]) -> OperatorCases:
    return function_cases(prepare, lambda _, x: function(x.astype(np.float64)), ulp=1)


def _half_away_from_zero(define: Definition, params: Params) -> Result | None:
    x: AnyArray = params.input
    ties = np.abs(x - np.trunc(x)) == 0.5
    return np.where(ties, x + np.copysign(0.5, x), define(params)).astype(np.float32)


def _with_ties(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    values = any_content(params, slot, random)
    return np.where(random.integers(0, 2, slot.shape), values, np.rint(values * 2) / 2).astype(np.float32)


def _half_to_even(_: Params, x: Any) -> Any:
    """What rounds to 0 from below is no -0. Source: TFLM ``reference_ops::RoundToNearest``."""
    return np.where(x == 0, x, np.rint(x) + np.float32(0))


CASES: Mapping[str, OperatorCases] = {
    **{name: _exact(function) for name, function in _EXACT.items()},
    **{name: _from_a_library(function) for name, function in _FROM_A_LIBRARY.items()},
    "round": function_cases(
        prepare,
        _half_to_even,
        content=_with_ties,
        mistakes={"ties go away from zero, not to even": _half_away_from_zero},
    ),
}
