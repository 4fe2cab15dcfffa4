"""Effective scales in float32, as the Rust backend computes them where TensorFlow Lite Micro takes double."""

from __future__ import annotations

import copy
from typing import Literal, TypeAlias, TypeVar, get_args

import numpy as np

from ember_infer_core import (
    Conv2dParams,
    DepthwiseConv2dParams,
    FullyConnectedParams,
    PerChannelQuantParam,
    UnsupportedOperator,
    quantize_multiplier,
)

__all__ = ["EFFECTIVE_SCALES", "EffectiveScales", "with_float32_scales"]

EffectiveScales: TypeAlias = Literal["double", "float32"]
EFFECTIVE_SCALES: tuple[EffectiveScales, ...] = get_args(EffectiveScales)

Scaled = TypeVar("Scaled", Conv2dParams, DepthwiseConv2dParams, FullyConnectedParams)


def with_float32_scales(params: Scaled) -> Scaled:
    """A copy of a call's parameters with multipliers and shifts from ``input * weight / output`` in float32.

    The copy has a cache of its own, if the call has one: what is kept there depends on the multipliers.

    Raises:
        UnsupportedOperator: an effective scale overflows float32.
    """
    quant = params.weights_quant
    weight_scales = quant.scales if isinstance(quant, PerChannelQuantParam) else (quant.scale,)
    with np.errstate(over="ignore", under="ignore"):
        scales = np.float32(params.input_quant.scale) * np.array(weight_scales, np.float32)
        scales = scales / np.float32(params.output_quant.scale)
    if not np.isfinite(scales).all():
        raise UnsupportedOperator("an effective scale overflows float32")
    pairs = [quantize_multiplier(float(scale)) for scale in scales]
    channels = params.output_multiplier.shape
    rescaled = copy.copy(params)
    rescaled.output_multiplier = np.broadcast_to(np.array([q for q, _ in pairs], np.int32), channels)
    rescaled.output_shift = np.broadcast_to(np.array([shift for _, shift in pairs], np.int32), channels)
    rescaled.cache = None if params.cache is None else {}
    return rescaled
