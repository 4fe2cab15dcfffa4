"""RESHAPE."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.ops.reshape import ReshapeParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: ReshapeParams) -> AnyArray:
    return params.input.copy().reshape(params.output_shape)


def _calls(drawer: CaseDrawer) -> ReshapeParams:
    before, after = drawer.one_of(((6,), (2, 3)), ((1, 4, 4, 3), (1, 48)), ((2, 5), (10,)), ((1,), ()))
    dtype = np.dtype(drawer.one_of(np.int8, np.int8, np.int16, np.int32, np.uint8, np.float32, np.bool_))
    return prepare(input_shape=before, output_shape=after, dtype=dtype)


CASES: Mapping[str, OperatorCases] = {"reshape": OperatorCases(define=_define, calls=_calls)}
