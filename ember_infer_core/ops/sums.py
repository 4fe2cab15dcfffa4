"""Sums of products with constant weights, scaled down to int8: what convolutions and fully connected layers share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.windows import Padding
from ember_infer_core.quantization import (
    AnyQuantParam,
    PerChannelQuantParam,
    QuantParam,
    activation_range,
    check_defined_shift,
    effective_scales,
    quantize_multipliers,
)
from ember_infer_core.slots import Int8Array, Int32Array, Operand, OperatorParams, Role, Shape4, unbound_int8

__all__ = ["SumParams", "WindowedSumParams", "scaling", "sum_ranges"]


@dataclass(slots=True, kw_only=True, eq=False)
class SumParams(OperatorParams):
    """For each output channel ``c`` the sum of ``(input + input_offset) * weights``, plus ``bias[c]``, is scaled by
    ``output_multiplier[c] * 2**(output_shift[c] - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``.

    Attributes:
        fused_activation: the model's; ``activation_min`` and ``activation_max`` are what it comes to.
        input_quant, weights_quant, output_quant: of the tensors; the weights' one for all channels or one for each.
        input_offset: minus the input's zero point.
        output_offset: the output's zero point.
        output_multiplier, output_shift: int32, one for each output channel; a positive shift is to the left.
        activation_min, activation_max: the clamp.
        input, weights, bias, output: the buffers; bias is int32, one for each output channel, or None.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input", Role.INPUT),
        Operand("weights", Role.CONSTANT),
        Operand("bias", Role.CONSTANT, np.int32, optional=True),
        Operand("output", Role.OUTPUT),
    )

    fused_activation: FusedActivation = FusedActivation.NONE
    input_quant: QuantParam
    weights_quant: AnyQuantParam
    output_quant: QuantParam
    input_offset: int
    output_offset: int
    output_multiplier: Int32Array
    output_shift: Int32Array
    activation_min: int
    activation_max: int
    input: Int8Array = field(default_factory=unbound_int8, repr=False)
    weights: Int8Array = field(default_factory=unbound_int8, repr=False)
    bias: Int32Array | None = field(default=None, repr=False)
    output: Int8Array = field(default_factory=unbound_int8, repr=False)


@dataclass(slots=True, kw_only=True, eq=False)
class WindowedSumParams(SumParams):
    """:class:`SumParams` over a window that slides over an image, NHWC; taps outside the image count as zero.

    Fields that are not named here are described in :class:`SumParams`.

    Attributes:
        input_shape, weights_shape, output_shape: of the buffers.
        padding: the scheme of the model; ``pad_h`` and ``pad_w`` are what it comes to: rows above, columns left.
        stride_h, stride_w: from one window to the next, down and to the right.
        dilation_h_factor, dilation_w_factor: from one tap to the next; 1 for a filter without gaps.
    """

    input_shape: Shape4
    weights_shape: Shape4
    output_shape: Shape4
    padding: Padding
    pad_h: int
    pad_w: int
    stride_h: int = 1
    stride_w: int = 1
    dilation_h_factor: int = 1
    dilation_w_factor: int = 1


def scaling(
    input_quant: QuantParam,
    weights_quant: AnyQuantParam,
    output_quant: QuantParam,
    channels: int,
    fused_activation: FusedActivation,
) -> dict[str, Any]:
    """The fields of :class:`SumParams` that follow from quantisation.

    Source: TFLM ``PopulateConvolutionQuantizationParams``.

    Raises:
        ValueError: TFLM refuses these scales, or leaves undefined what they give.
    """
    scales = weights_quant.scales if isinstance(weights_quant, PerChannelQuantParam) else (weights_quant.scale,)
    multiplier, shift = quantize_multipliers(effective_scales(input_quant.scale, scales, output_quant.scale))
    check_defined_shift(int(shift.max()))
    if isinstance(weights_quant, QuantParam):  # there may be millions of channels
        multiplier, shift = np.broadcast_to(multiplier, (channels,)), np.broadcast_to(shift, (channels,))
    activation_min, activation_max = activation_range(fused_activation, output_quant)
    return {
        "fused_activation": fused_activation,
        "input_quant": input_quant,
        "weights_quant": weights_quant,
        "output_quant": output_quant,
        "input_offset": -input_quant.zero_point,
        "output_offset": output_quant.zero_point,
        "output_multiplier": multiplier,
        "output_shift": shift,
        "activation_min": activation_min,
        "activation_max": activation_max,
    }


def sum_ranges(weights: Int64Array, lowest: int, highest: int) -> tuple[Int64Array, Int64Array]:
    """The least and greatest sum of each channel of weights ``(C, K)``, for inputs from ``lowest`` to ``highest``."""
    positive, negative = np.maximum(weights, 0).sum(1), np.minimum(weights, 0).sum(1)
    return lowest * positive + highest * negative, highest * positive + lowest * negative
