"""EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.arithmetic import Rounding
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed, constant
from ember_infer_core.conformance.ops.pairs import OPERANDS_SWAPPED, draw_dtype, draw_shapes, pair_content
from ember_infer_core.conformance.ops.rescaled_pairs import RESCALED_PAIRS, rescaled
from ember_infer_core.ops.comparisons import Comparison, ComparisonParams, prepare
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]

_ASKED: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.NOT_EQUAL: operator.ne,
    Comparison.GREATER: operator.gt,
    Comparison.GREATER_EQUAL: operator.ge,
    Comparison.LESS: operator.lt,
    Comparison.LESS_EQUAL: operator.le,
}
_EQUALITIES = (Comparison.EQUAL, Comparison.NOT_EQUAL)


def _define(params: ComparisonParams, rounding: Rounding = "double") -> AnyArray:
    """Source: TFLM ``ComparisonWithScaling`` and ``ComparisonImpl``."""
    if params.dtype == np.int8:
        return _compared(params, *rescaled(params, rounding))
    return _compared(params, params.input1, params.input2)


def _compared(params: ComparisonParams, values1: AnyArray, values2: AnyArray) -> AnyArray:
    one, two = (np.broadcast_to(array, params.output_shape) for array in (values1, values2))
    asked = _ASKED[params.comparison]
    answers = [asked(*pair) for pair in zip(one.ravel().tolist(), two.ravel().tolist(), strict=True)]
    return np.array(answers, np.bool_).reshape(params.output_shape)


def _calls(drawer: CaseDrawer, comparison: Comparison) -> ComparisonParams:
    types = ("int8", "int8", "float32", "int32", *(["bool"] if comparison in _EQUALITIES else []))
    quant1, quant2 = drawer.quant(-8, -1), drawer.quant(-8, -1)
    return prepare(
        **draw_shapes(drawer),
        comparison=comparison,
        dtype=draw_dtype(drawer, types),
        input1_quant=quant1,
        input2_quant=drawer.one_of(quant1, quant2),
    )


def _content(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Any values; every other one is close to 0, so that there are equal ones."""
    content = pair_content(params, slot, random)
    zero = -getattr(params, f"{slot.name}_offset", 0) if slot.dtype == np.int8 else 0
    near = np.clip(zero + random.integers(-2, 3, slot.shape), -128, 127).astype(slot.dtype)
    np.copyto(content, near, where=random.integers(0, 2, slot.shape) == 0)
    return content


def _raw(define: Definition, params: Params) -> AnyArray:
    return _compared(params, params.input1, params.input2)


def _other(params: Params) -> dict[str, Any]:
    comparisons = list(Comparison)
    return {"comparison": comparisons[comparisons.index(params.comparison) ^ 1]}


_MISTAKES = {
    **RESCALED_PAIRS,
    **OPERANDS_SWAPPED,
    "int8 compared as it is, without scales and zero points": _raw,
    "input1_offset ignored": constant(input1_offset=0),
    "input2_offset ignored": constant(input2_offset=0),
    "equality taken for its opposite, or an order with equality for one without": changed(_other),
}

CASES: Mapping[str, OperatorCases] = {
    comparison.value: OperatorCases(
        define=_define,
        calls=functools.partial(_calls, comparison=comparison),
        content=_content,
        mistakes=_MISTAKES,
    )
    for comparison in Comparison
}
