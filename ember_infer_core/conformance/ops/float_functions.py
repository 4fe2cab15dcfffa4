"""CEIL, COS, EXP, FLOOR, LOG, NEG, ROUND, SIN, SQRT and SQUARE: of float32 alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.ops.lookup import Float32Array, draw_lookup, function_cases
from ember_infer_core.ops.float_functions import prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _cases(function: Callable[[Float32Array], AnyArray]) -> OperatorCases:
    """Of a function that every step of float32 makes alike."""
    return function_cases(lambda drawer: prepare(**draw_lookup(drawer, "float32")), lambda x, params: function(x))


def _of_c_library(function: np.ufunc) -> OperatorCases:
    """Of a function whose last place is the C library's own affair."""
    return function_cases(
        lambda drawer: prepare(**draw_lookup(drawer, "float32")),
        lambda x, params: function(x.astype(np.float64)),
        ulp=1,
    )


def _round(x: Float32Array) -> AnyArray:
    """Half to even; what becomes 0 is not -0. Source: TFLM ``reference_ops::RoundToNearest``."""
    nearest = np.rint(x)
    return np.where((nearest == 0) & (x != 0), np.float32(0), nearest)


CASES: Mapping[str, OperatorCases] = {
    "ceil": _cases(np.ceil),
    "cos": _of_c_library(np.cos),
    "exp": _of_c_library(np.exp),
    "floor": _cases(np.floor),
    "log": _of_c_library(np.log),
    "neg": _cases(np.negative),
    "round": _cases(_round),
    "sin": _of_c_library(np.sin),
    "sqrt": _cases(np.sqrt),
    "square": _cases(np.square),
}
