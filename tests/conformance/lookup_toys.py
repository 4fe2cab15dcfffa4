"""Backends that go wrong in functions of one element, each in one way."""

from __future__ import annotations

import numpy as np

from ember_infer_core import LookupParams
from ember_infer_ref import RefBackend


class RealFunctions(RefBackend):
    """Dequantises, computes, rounds: as accurate as can be, and not what TFLM computes."""

    def logistic(self, params: LookupParams) -> None:
        """LOGISTIC."""
        super().logistic(params)
        if params.table is not None:
            real = (params.input - np.float32(params.input_quant.zero_point)) * np.float32(params.input_quant.scale)
            steps = np.rint(256 / (1 + np.exp(-real.astype(np.float64)))) - 128
            params.output[...] = np.clip(steps, -128, 127).astype(np.int8)


class UnsignedTables(RefBackend):
    """Takes the bytes of int8 for places in the table."""

    def hard_swish(self, params: LookupParams) -> None:
        """HARD_SWISH."""
        super().hard_swish(params)
        if params.table is not None:
            params.output[...] = params.table[params.input.view(np.uint8)]


class ClampingRelu(RefBackend):
    """Takes RELU for a clamp, and forgets that the output has another scale."""

    def relu(self, params: LookupParams) -> None:
        """RELU."""
        super().relu(params)
        if params.table is not None:
            params.output[...] = np.maximum(params.input, params.input_quant.zero_point)


class RoundsTiesAway(RefBackend):
    """Rounds as C's round does."""

    def round(self, params: LookupParams) -> None:
        """ROUND."""
        super().round(params)
        x = params.input
        ties = np.abs(x - np.trunc(x)) == 0.5
        params.output[ties] = x[ties] + np.copysign(np.float32(0.5), x[ties])
