"""PRELU."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import Int64Array, clamped, scaled
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.mistakes import changed, constant
from ember_infer_core.conformance.ops.pairs import PAIRS, draw_pair, pair_cases
from ember_infer_core.ops.prelu import PreluParams, prepare
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _quantized(params: PreluParams) -> AnyArray:
    """Source: TFLM ``reference_ops::Prelu``."""
    value = params.input1.astype(np.int64) + params.input1_offset
    slope = params.input2.astype(np.int64) + params.input2_offset

    def result(values: Int64Array, multiplier: int, shift: int) -> AnyArray:
        return clamped(params, scaled(values, multiplier, shift) + params.output_offset)

    kept = result(value, params.output_multiplier_1, params.output_shift_1)
    sloped = result(np.asarray(value * slope), params.output_multiplier_2, params.output_shift_2)
    return np.where(value >= 0, kept, sloped)


CASES: Mapping[str, OperatorCases] = {
    "prelu": pair_cases(
        lambda drawer: prepare(**draw_pair(drawer, "int8", "float32")),
        lambda value, slope: np.where(value >= 0, value, value * slope),
        quantized=_quantized,
        mistakes={
            **PAIRS,
            "one factor for positive and negative values": changed(
                lambda params: {
                    "output_multiplier_2": params.output_multiplier_1,
                    "output_shift_2": params.output_shift_1,
                }
            ),
            "negative values become 0": constant(output_multiplier_2=0, output_shift_2=0),
        },
    )
}
