"""PRELU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.arithmetic import Rounding, clamped, scaled
from ember_infer_core.conformance.cases import OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed
from ember_infer_core.conformance.ops.pairs import SCALED_PAIRS, draw_dtype, draw_shapes, pair_content
from ember_infer_core.ops.prelu import PreluParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _define(params: PreluParams, rounding: Rounding = "double") -> AnyArray:
    """Source: TFLM ``reference_ops::Prelu`` and ``BroadcastPrelu4DSlowFloat``."""
    if params.dtype != np.int8:
        with np.errstate(all="ignore"):
            products = (params.input1.astype(np.float64) * params.input2.astype(np.float64)).astype(np.float32)
        return np.where(params.input1 >= 0, params.input1, products)
    value = params.input1.astype(np.int64) + params.input1_offset
    product = value * (params.input2.astype(np.int64) + params.input2_offset)
    kept = scaled(value, params.output_multiplier_1, params.output_shift_1, rounding)
    sloped = scaled(product, params.output_multiplier_2, params.output_shift_2, rounding)
    return clamped(params, np.where(value >= 0, kept, sloped) + params.output_offset)


def _calls(drawer: CaseDrawer) -> PreluParams:
    return prepare(
        **draw_shapes(drawer),
        dtype=draw_dtype(drawer, ("int8", "int8", "float32")),
        input1_quant=drawer.quant(-4, 0),
        input2_quant=drawer.quant(-8, 0),
        output_quant=drawer.quant(-4, 2),
    )


def _one_factor(params: Params) -> dict[str, Any]:
    return {"output_multiplier_2": params.output_multiplier_1, "output_shift_2": params.output_shift_1}


CASES: Mapping[str, OperatorCases] = {
    "prelu": OperatorCases(
        define=_define,
        calls=_calls,
        content=pair_content,
        mistakes={**SCALED_PAIRS, "the products scaled as what is not negative": changed(_one_factor)},
    )
}
