"""HARD_SWISH."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import Int64Array
from ember_infer_core.conformance.cases import OperatorCases, Params
from ember_infer_core.conformance.ops.lookup import as_real_function, function_cases
from ember_infer_core.ops.hard_swish import prepare
from ember_infer_core.quantization import quantize_multiplier

__all__ = ["CASES"]


def _real(params: Params, x: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    raised = np.minimum(np.maximum(x + np.float32(3), np.float32(0)), np.float32(6))
    return np.asarray(x * raised / np.float32(6))


def _quantized(params: Params, values: Int64Array) -> Int64Array:
    """Source: TFLM ``reference_ops::HardSwish``, with its int16 as whole numbers."""
    fine = params.input_quant.scale / 128
    multiplier, shift = _multiplier16(fine / params.output_quant.scale)
    third, third_shift = _multiplier16(fine / (3 / 32768))
    steps = [int(value) - params.input_quant.zero_point for value in values.reshape(-1)]
    results = [_one(128 * step, multiplier, shift, third, third_shift) for step in steps]
    return np.asarray(np.reshape(results, values.shape) + params.output_quant.zero_point, np.int64)


def _multiplier16(real: float) -> tuple[int, int]:
    multiplier, shift = quantize_multiplier(real)
    return min((multiplier + 2**15) // 2**16, 2**15 - 1), shift


def _one(x: int, multiplier: int, shift: int, third: int, third_shift: int) -> int:
    gate = _saturated(x << max(third_shift - 1, 0))
    gate = (gate * third + 2**14) // 2**15
    gate = _saturated(gate * 2) if third_shift > 0 else _divided(gate, -third_shift)
    product = (gate + 2**15) // 2 * ((x * multiplier + 2**14) // 2**15)
    return _divided(product // 2**15 if product >= 0 else -(-product // 2**15), -shift)


def _divided(x: int, exponent: int) -> int:
    """Rounded, ties away from zero; from 16 bits on an int16 has no room for the mask, and 1 or -1 comes out."""
    if exponent >= 16:
        return 1 if x >= 0 else -1
    whole = 1 << exponent
    return (x + whole // 2) // whole if x >= 0 else -((whole // 2 - x) // whole)


def _saturated(x: int) -> int:
    return max(-(2**15), min(2**15 - 1, x))


CASES: Mapping[str, OperatorCases] = {
    "hard_swish": function_cases(
        prepare,
        _real,
        _quantized,
        mistakes={"real values, rounded: not the fixed point of 16 bits": as_real_function(_real)},
    )
}
