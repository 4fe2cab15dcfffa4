"""LEAKY_RELU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import Int64Array, scaled
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed
from ember_infer_core.conformance.ops.lookup import function_cases
from ember_infer_core.ops.leaky_relu import LeakyReluParams, prepare
from ember_infer_core.quantization import quantize_multiplier

__all__ = ["CASES"]


def _real(params: LeakyReluParams, x: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    return np.where(x > 0, x, x * np.float32(params.alpha))


def _quantized(params: LeakyReluParams, values: Int64Array) -> Int64Array:
    """Source: TFLM ``QuantizeLeakyRelu``."""
    ratio = params.input_quant.scale / params.output_quant.scale
    slope = params.input_quant.scale * params.alpha / params.output_quant.scale
    steps = values - params.input_quant.zero_point
    falling = scaled(steps, *quantize_multiplier(abs(slope))) * (1 if slope >= 0 else -1)
    rising = scaled(steps, *quantize_multiplier(ratio))
    return np.where(steps < 0, falling, rising) + params.output_quant.zero_point


def _draw(drawer: CaseDrawer, of_int8: bool) -> dict[str, Any]:
    return {"alpha": float(np.float32(drawer.one_of(0.25, 0.01, 0.3, 1.5, 0.0, -0.5)))}


CASES: Mapping[str, OperatorCases] = {
    "leaky_relu": function_cases(
        prepare,
        _real,
        _quantized,
        draw=_draw,
        mistakes={
            "alpha without its sign": changed(lambda params: {"alpha": abs(params.alpha)}),
            "alpha ignored: 0": changed(lambda params: {"alpha": 0.0}),
        },
    )
}
