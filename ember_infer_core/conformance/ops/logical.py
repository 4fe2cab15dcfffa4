"""LOGICAL_AND, LOGICAL_OR and LOGICAL_NOT."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.lookup import LOOKUP
from ember_infer_core.conformance.ops.pairs import draw_shapes, pair_cases
from ember_infer_core.ops.logical import prepare, prepare_not
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _not(params: LookupParams) -> AnyArray:
    return np.asarray(~params.input)


def _not_calls(drawer: CaseDrawer) -> LookupParams:
    shape = drawer.shape(0, 5)
    return prepare_not(input_shape=shape, output_shape=shape)


CASES: Mapping[str, OperatorCases] = {
    "logical_and": pair_cases(
        lambda drawer: prepare(**draw_shapes(drawer), conjunction=True),
        lambda value1, value2: value1 & value2,
        mistakes={"either is enough": lambda define, params: params.input1 | params.input2},
    ),
    "logical_not": OperatorCases(define=_not, calls=_not_calls, mistakes=LOOKUP),
    "logical_or": pair_cases(
        lambda drawer: prepare(**draw_shapes(drawer), conjunction=False),
        lambda value1, value2: value1 | value2,
        mistakes={"both are asked for": lambda define, params: params.input1 & params.input2},
    ),
}
