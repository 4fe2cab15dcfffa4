"""Two int8 tensors brought to a common scale: what ADD, SUB and SQUARED_DIFFERENCE share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.arithmetic import Int64Array, Rounding, scaled
from ember_infer_core.conformance.cases import Params, Rule
from ember_infer_core.conformance.mistakes import changed

__all__ = ["RESCALED_PAIRS", "output_scaled", "rescaled"]


def rescaled(params: Params, rounding: Rounding) -> tuple[Int64Array, Int64Array]:
    """Both inputs at the common scale."""
    value1 = (params.input1.astype(np.int64) + params.input1_offset) * 2**params.left_shift
    value2 = (params.input2.astype(np.int64) + params.input2_offset) * 2**params.left_shift
    return (
        scaled(value1, params.input1_multiplier, params.input1_shift, rounding),
        scaled(value2, params.input2_multiplier, params.input2_shift, rounding),
    )


def output_scaled(params: Params, values: Int64Array, rounding: Rounding) -> Int64Array:
    """What was made of them, at the output's scale and zero point, before the clamp."""
    result = scaled(values, params.output_multiplier, params.output_shift, rounding)
    return np.asarray(result + params.output_offset)


def _scales_swapped(params: Params) -> dict[str, Any]:
    return {
        "input1_multiplier": params.input2_multiplier,
        "input1_shift": params.input2_shift,
        "input2_multiplier": params.input1_multiplier,
        "input2_shift": params.input1_shift,
    }


def _one_scale(params: Params) -> dict[str, Any]:
    return {"input2_multiplier": params.input1_multiplier, "input2_shift": params.input1_shift}


RESCALED_PAIRS: Mapping[str, Rule] = {
    "scales of the two inputs swapped": changed(_scales_swapped),
    "the first input's scale used for both inputs": changed(_one_scale),
}
