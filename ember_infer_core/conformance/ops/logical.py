"""LOGICAL_AND, LOGICAL_OR and LOGICAL_NOT."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed
from ember_infer_core.conformance.ops.pairs import draw_shapes
from ember_infer_core.ops.logical import LogicalParams, prepare, prepare_not
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: LogicalParams) -> AnyArray:
    """Source: TFLM ``LogicalImpl``."""
    total = params.input1.astype(np.int64) + params.input2.astype(np.int64)
    return np.asarray(total == 2 if params.conjunction else total > 0)


def _calls(drawer: CaseDrawer, conjunction: bool) -> LogicalParams:
    return prepare(**draw_shapes(drawer), conjunction=conjunction)


def _define_not(params: LookupParams) -> AnyArray:
    """Source: TFLM ``LogicalNotEval``."""
    return np.asarray(params.input.astype(np.int64) == 0)


def _calls_not(drawer: CaseDrawer) -> LookupParams:
    shape = drawer.shape(0, 4)
    return prepare_not(input_shape=shape, output_shape=shape)


CASES: Mapping[str, OperatorCases] = {
    "logical_not": OperatorCases(
        define=_define_not, calls=_calls_not, mistakes={"copied": lambda define, params: params.input}
    ),
    **{
        name: OperatorCases(
            define=_define,
            calls=functools.partial(_calls, conjunction=conjunction),
            mistakes={"`and` taken for `or`": changed(lambda params: {"conjunction": not params.conjunction})},
        )
        for name, conjunction in (("logical_and", True), ("logical_or", False))
    },
}
