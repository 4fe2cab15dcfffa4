"""DIV, FLOOR_DIV and FLOOR_MOD."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.pairs import divisors, draw_pair, draw_shapes, pair_cases
from ember_infer_core.ops.div import DivParams, prepare, prepare_floor_div, prepare_floor_mod
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _quotient(value1: AnyArray, value2: AnyArray) -> AnyArray:
    """Of integers cut off. Source: TFLM ``reference_ops::Div``."""
    if value1.dtype == np.float32:
        return np.asarray(value1 / value2)
    return np.asarray(np.sign(value1) * np.sign(value2) * (np.abs(value1) // np.abs(value2)))


def _floor_mod(value1: AnyArray, value2: AnyArray) -> AnyArray:
    """Of the divisor's sign. Source: TFLM ``reference_ops::FloorMod``."""
    remainder = np.fmod(value1, value2)
    other_sign = (remainder != 0) & (np.signbit(remainder) != np.signbit(value2))
    return np.where(other_sign, remainder + value2, remainder)


def _calls(drawer: CaseDrawer) -> DivParams:
    return prepare(**draw_pair(drawer, "float32", "int32"), fused_activation=drawer.activation())


def _rounded_down(define: Definition, params: Params) -> AnyArray | None:
    """Of integers, and without the activation."""
    return None if params.dtype != np.int32 else np.asarray(params.input1 // params.input2)


CASES: Mapping[str, OperatorCases] = {
    "div": pair_cases(
        _calls,
        _quotient,
        content=divisors,
        mistakes={"int32 quotients rounded down instead of cut off": _rounded_down},
        activated=True,
    ),
    "floor_div": pair_cases(
        lambda drawer: prepare_floor_div(**draw_shapes(drawer)),
        # Divided in double. Source: TFLM ``reference_ops::FloorDiv``.
        lambda value1, value2: np.floor(value1.astype(np.float64) / value2),
        content=divisors,
        mistakes={
            "cut off instead of rounded down": lambda define, params: np.trunc(
                params.input1.astype(np.float64) / params.input2
            ).astype(np.float32),
            "divided in float32": lambda define, params: np.floor(params.input1 / params.input2),
        },
    ),
    "floor_mod": pair_cases(
        lambda drawer: prepare_floor_mod(**draw_shapes(drawer)),
        _floor_mod,
        content=divisors,
        mistakes={
            "a remainder of the dividend's sign": lambda define, params: np.fmod(params.input1, params.input2),
        },
    ),
}
