"""EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed, constant
from ember_infer_core.conformance.ops.pairs import draw_pair, pair_cases, rescaled, with_specials
from ember_infer_core.ops.comparisons import Comparison, ComparisonParams, prepare
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]

_TYPES = ("int8", "float32", "int32")
_ASKED: Mapping[Comparison, Callable[[AnyArray, AnyArray], AnyArray]] = {
    Comparison.EQUAL: lambda value1, value2: np.asarray(value1 == value2),
    Comparison.NOT_EQUAL: lambda value1, value2: np.asarray(value1 != value2),
    Comparison.GREATER: lambda value1, value2: np.asarray(value1 > value2),
    Comparison.GREATER_EQUAL: lambda value1, value2: np.asarray(value1 >= value2),
    Comparison.LESS: lambda value1, value2: np.asarray(value1 < value2),
    Comparison.LESS_EQUAL: lambda value1, value2: np.asarray(value1 <= value2),
}
_OPPOSITE: Mapping[Comparison, Comparison] = {
    Comparison.EQUAL: Comparison.NOT_EQUAL,
    Comparison.NOT_EQUAL: Comparison.EQUAL,
    Comparison.GREATER: Comparison.GREATER_EQUAL,
    Comparison.GREATER_EQUAL: Comparison.GREATER,
    Comparison.LESS: Comparison.LESS_EQUAL,
    Comparison.LESS_EQUAL: Comparison.LESS,
}


def _few_values(params: ComparisonParams, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Values that are often equal."""
    array = with_specials(params, slot, random)
    alike = random.random(array.shape) < 0.5
    array[alike] = any_content(params, slot, np.random.default_rng(3)).ravel()[:1]
    return array


def _cases(comparison: Comparison) -> OperatorCases:
    asked = _ASKED[comparison]
    types = (*_TYPES, "bool") if comparison in (Comparison.EQUAL, Comparison.NOT_EQUAL) else _TYPES

    def calls(drawer: CaseDrawer) -> ComparisonParams:
        fields = draw_pair(drawer, *types, output=False)
        if drawer.one_of(False, True) and "input1_quant" in fields:
            fields["input2_quant"] = fields["input1_quant"]
        return prepare(**fields, comparison=comparison)

    return pair_cases(
        calls,
        asked,
        quantized=lambda params: asked(*rescaled(params)),
        content=_few_values,
        mistakes={
            f"{_OPPOSITE[comparison].name} asked instead": lambda define, params: _opposite(params),
            "input1_offset ignored": constant(input1_offset=0),
            "input2_offset ignored": constant(input2_offset=0),
            "raw int8 values compared, whatever their scales": changed(_unscaled),
        },
    )


def _opposite(params: ComparisonParams) -> AnyArray:
    return np.asarray(CASES[_OPPOSITE[params.comparison].value].define(params))


def _unscaled(params: ComparisonParams) -> dict[str, int] | None:
    if params.dtype != np.int8:
        return None
    return {
        "input1_offset": 0,
        "input2_offset": 0,
        "input2_multiplier": params.input1_multiplier,
        "input2_shift": params.input1_shift,
    }


CASES: Mapping[str, OperatorCases] = {comparison.value: _cases(comparison) for comparison in Comparison}
