"""MAXIMUM and MINIMUM."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed
from ember_infer_core.conformance.ops.pairs import OPERANDS_SWAPPED, draw_dtype, draw_shapes, pair_content
from ember_infer_core.ops.maximum_minimum import MaximumMinimumParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: MaximumMinimumParams) -> AnyArray:
    """Element by element. Source: TFLM ``MaximumOp`` and ``MinimumOp``."""
    output: AnyArray = np.empty(params.output_shape, params.dtype)
    one, two = (np.broadcast_to(array, params.output_shape) for array in (params.input1, params.input2))
    for index in np.ndindex(params.output_shape):
        first_wins = one[index] > two[index] if params.largest else one[index] < two[index]
        output[index] = one[index] if first_wins else two[index]
    return output


def _calls(drawer: CaseDrawer, largest: bool) -> MaximumMinimumParams:
    dtype = draw_dtype(drawer, ("int8", "int8", "float32", "int32", "int16"))
    return prepare(**draw_shapes(drawer), dtype=dtype, largest=largest)


def _nan_wins(define: Definition, params: Params) -> AnyArray | None:
    function = np.maximum if params.largest else np.minimum
    return None if params.dtype != np.float32 else np.asarray(function(params.input1, params.input2))


CASES: Mapping[str, OperatorCases] = {
    name: OperatorCases(
        define=_define,
        calls=functools.partial(_calls, largest=largest),
        content=pair_content,
        mistakes={
            "the smaller taken for the larger": changed(lambda params: {"largest": not params.largest}),
            "NaN in either input gives NaN, where TFLM then takes the second": _nan_wins,
            **OPERANDS_SWAPPED,
        },
    )
    for name, largest in (("maximum", True), ("minimum", False))
}
