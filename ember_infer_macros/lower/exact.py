"""Calls that can be computed exactly without a backend: what core itself knows of their operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_core.ops import DEFAULTS
from ember_infer_core.ops.cast import cast_elements
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.ops.pairs import PairParams
from ember_infer_core.ops.quantize import QuantizeParams, quantize_elements
from ember_infer_core.quantization import dequantize
from ember_infer_macros.lower.common import Lowered

__all__ = ["exact"]

Run = Callable[[Any], None]


def exact(call: Lowered) -> Run | None:
    """What carries out the call, given its parameters with all buffers bound; None where only a backend can.

    It raises KernelError where the call has no result.
    """
    if isinstance(call.params, PairParams):
        # Float32 is a backend's own affair: NaN and the zeros of either sign.
        return None if call.params.dtype == np.float32 else _pair
    return _EXACT.get(call.method)


def _pair(params: PairParams) -> None:
    check_activation(params)
    np.copyto(params.output, params.elements(params.input1, params.input2))


def _cast(params: LookupParams) -> None:
    np.copyto(params.output, cast_elements(params.input, params.output_dtype))


def _quantize(params: QuantizeParams) -> None:
    np.copyto(params.output, quantize_elements(params, params.input))


def _dequantize(params: LookupParams) -> None:
    np.copyto(params.output, dequantize(params.input, params.input_quant))


_EXACT: Mapping[str, Run] = {
    **DEFAULTS,
    "cast": _cast,
    "dequantize": _dequantize,
    "quantize": _quantize,
}
