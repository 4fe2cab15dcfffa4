"""ADD."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Rounding, clamped
from ember_infer_core.conformance.cases import OperatorCases, Regression
from ember_infer_core.conformance.contents import all_pairs, seeded_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.pairs import (
    ARITHMETIC_TYPES,
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
from ember_infer_core.ops.add import ElementwiseAddParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, Int8Array, bind

__all__ = ["CASES", "plain_add"]


def _define(params: ElementwiseAddParams, rounding: Rounding = "double") -> AnyArray:
    """Source: TFLM ``reference_integer_ops::AddFunc`` and ``reference_ops::Add``."""
    if params.dtype != np.int8:
        return plain_result(params, np.add)
    scaled1, scaled2 = rescaled(params, rounding)
    total = wrap_int32(np.asarray(scaled1 + scaled2))
    return clamped(params, output_scaled(params, total, rounding))


def _calls(drawer: CaseDrawer) -> ElementwiseAddParams:
    shapes = draw_shapes(drawer)
    quants = [QuantParam(2.0 ** drawer.integer(-4, 0) * drawer.one_of(1.0, 1.7), drawer.zero_point()) for _ in range(3)]
    return prepare(
        **shapes,
        dtype=draw_dtype(drawer, ("int8", *ARITHMETIC_TYPES)),
        input1_quant=quants[0],
        input2_quant=quants[1],
        output_quant=quants[2],
        fused_activation=drawer.activation(),
    )


def plain_add(
    input1: Int8Array, input2: Int8Array, quants: tuple[QuantParam, QuantParam, QuantParam]
) -> ElementwiseAddParams:
    """A bound sum of two tensors with these quantisations; the last is the output's."""
    params = prepare(
        **plain_shapes(input1, input2), input1_quant=quants[0], input2_quant=quants[1], output_quant=quants[2]
    )
    bind(params, {"input1": input1, "input2": input2, "output": np.full(params.output_shape, 77, np.int8)})
    return params


_QUANTS = (
    (QuantParam(0.5, 3), QuantParam(0.25, -7), QuantParam(0.6, 11)),
    (QuantParam(0.02, -128), QuantParam(0.9, 127), QuantParam(0.91, 0)),
    (QuantParam(0.1, 0), QuantParam(0.1, 0), QuantParam(0.05, -128)),
)

CASES: Mapping[str, OperatorCases] = {
    "add": OperatorCases(
        define=_define,
        calls=_calls,
        content=pair_content,
        mistakes={
            **SCALED_PAIRS,
            **RESCALED_PAIRS,
            **PLAIN,
            "int32: saturates instead of wrapping": saturated(np.add),
        },
        regressions={
            "residual add": Regression(
                "CMSIS-NN issue 66: add of two scales and zero points, over all pairs of int8",
                lambda: [plain_add(*all_pairs(), quants) for quants in _QUANTS],
            ),
            "short add": Regression(
                "tails that are shorter than a vector",
                lambda: [plain_add(seeded_int8(size), seeded_int8(size, seed=1), _QUANTS[0]) for size in range(1, 20)],
            ),
        },
        activated=True,
    )
}
