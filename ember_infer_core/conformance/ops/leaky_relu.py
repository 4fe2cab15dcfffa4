"""LEAKY_RELU."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped, scaled
from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import changed, constant
from ember_infer_core.conformance.ops.lookup import REQUANTIZED, draw_lookup, function_cases
from ember_infer_core.ops.leaky_relu import LeakyReluParams, prepare
from ember_infer_core.quantization import quantize_multiplier
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _quantized(params: LeakyReluParams) -> AnyArray:
    """Source: TFLM ``QuantizeLeakyRelu``; the sign of alpha comes after the rounding."""
    steps = params.input.astype(np.int64) - params.input_quant.zero_point
    ratio = params.input_quant.scale / params.output_quant.scale
    slope = params.input_quant.scale * params.alpha / params.output_quant.scale
    positive = scaled(steps, *quantize_multiplier(ratio))
    negative = scaled(steps, *quantize_multiplier(abs(slope))) * (-1 if params.alpha < 0 else 1)
    return clamped(params, np.where(steps >= 0, positive, negative) + params.output_quant.zero_point)


def _calls(drawer: CaseDrawer) -> LeakyReluParams:
    alpha = float(np.float32(drawer.one_of(0.1, 0.01, 0.25, 0.3, 0.5, 1.0, 1.5, 0.0, -0.1, -2.0)))
    return prepare(alpha=alpha, **draw_lookup(drawer, "int8", "float32"))


CASES: Mapping[str, OperatorCases] = {
    "leaky_relu": function_cases(
        _calls,
        lambda x, params: np.where(x > 0, x, x * np.float32(params.alpha)),
        quantized=_quantized,
        mistakes={
            **REQUANTIZED,
            "negative values become 0: alpha ignored": constant(alpha=0.0),
            "negative values kept as they are: alpha ignored": constant(alpha=1.0),
            "the sign of alpha ignored": changed(lambda params: {"alpha": abs(params.alpha)}),
        },
    )
}
