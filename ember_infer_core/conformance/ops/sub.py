"""SUB."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Rounding, clamped
from ember_infer_core.conformance.cases import OperatorCases, Regression
from ember_infer_core.conformance.contents import all_pairs
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.pairs import (
    OPERANDS_SWAPPED,
    PLAIN,
    SCALED_PAIRS,
    draw_dtype,
    draw_shapes,
    pair_content,
    plain_result,
    plain_shapes,
    saturated,
)
from ember_infer_core.conformance.ops.rescaled_pairs import RESCALED_PAIRS, output_scaled, rescaled
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.sub import SubParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, bind

__all__ = ["CASES"]


def _define(params: SubParams, rounding: Rounding = "double") -> AnyArray:
    """Source: TFLM ``reference_ops::SubElementwise`` and ``SubWithActivation``."""
    if params.dtype != np.int8:
        return plain_result(params, np.subtract)
    first, second = rescaled(params, rounding)
    return clamped(params, output_scaled(params, wrap_int32(np.asarray(first - second)), rounding))


def _calls(drawer: CaseDrawer) -> SubParams:
    return prepare(
        **draw_shapes(drawer),
        dtype=draw_dtype(drawer),
        input1_quant=drawer.quant(-4, 0),
        input2_quant=drawer.quant(-4, 0),
        output_quant=drawer.quant(-4, 0),
        fused_activation=drawer.activation(),
    )


def _all_pairs() -> list[SubParams]:
    input1, input2 = all_pairs()
    params = prepare(
        **plain_shapes(input1, input2),
        input1_quant=QuantParam(0.5, 3),
        input2_quant=QuantParam(0.25, -7),
        output_quant=QuantParam(0.6, 11),
    )
    bind(params, {"input1": input1, "input2": input2})
    return [params]


CASES: Mapping[str, OperatorCases] = {
    "sub": OperatorCases(
        define=_define,
        calls=_calls,
        content=pair_content,
        mistakes={
            **SCALED_PAIRS,
            **RESCALED_PAIRS,
            **OPERANDS_SWAPPED,
            **PLAIN,
            "int32: saturates instead of wrapping": saturated(np.subtract),
        },
        regressions={
            "all differences": Regression("tables and formulas that are wrong for one pair of 65,536", _all_pairs)
        },
        activated=True,
    )
}
