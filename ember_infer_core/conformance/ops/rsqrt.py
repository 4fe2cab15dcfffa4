"""RSQRT."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import Int64Array, scaled
from ember_infer_core.conformance.cases import OperatorCases, Params
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.ops.lookup import as_real_function, function_cases
from ember_infer_core.ops.rsqrt import prepare
from ember_infer_core.quantization import quantize_multiplier
from ember_infer_core.slots import AnyArray, Slot
from ember_infer_core.transcendental import inverse_square_root

__all__ = ["CASES"]


def _real(params: Params, x: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    return np.asarray(np.float32(1) / np.sqrt(x))


def _quantized(params: Params, values: Int64Array) -> Int64Array:
    """Source: TFLM ``RsqrtEvalQuantized``."""
    inverse, shift = inverse_square_root(values - params.input_quant.zero_point)
    factor, factor_shift = quantize_multiplier(1 / (math.sqrt(params.input_quant.scale) * params.output_quant.scale))
    steps = scaled(scaled(np.ones_like(values), inverse, shift + 20), factor, factor_shift - 20)
    return np.where(values == params.input_quant.zero_point, 127, steps + params.output_quant.zero_point)


def _content(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Nothing negative: it is an error."""
    values = any_content(params, slot, random)
    return values if params.lowest_input is None else np.maximum(values, np.int8(params.lowest_input))


CASES: Mapping[str, OperatorCases] = {
    "rsqrt": function_cases(
        prepare,
        _real,
        _quantized,
        content=_content,
        mistakes={"the real function, rounded: not TFLM's fixed point": as_real_function(_real)},
    )
}
