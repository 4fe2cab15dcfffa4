"""Sums of products with constant weights, scaled down to int8: what convolutions and fully connected layers share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.common import Padding, compute_padding
from ember_infer_core.quantization import (
    INT32_MAX,
    AnyQuantParam,
    PerChannelQuantParam,
    QuantParam,
    activation_range,
    check_defined_shift,
    effective_scales,
    quantize_multipliers,
)
from ember_infer_core.slots import Int8Array, Int32Array, Operand, OperatorParams, Role, Shape, Shape4, unbound_int8

__all__ = ["SumParams", "WindowedSumParams", "scaling", "window"]


@dataclass(slots=True, kw_only=True, eq=False)
class SumParams(OperatorParams):
    """For each output channel ``c`` the sum of ``(input + input_offset) * weights``, plus ``bias[c]``, is scaled by
    ``output_multiplier[c] * 2**(output_shift[c] - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``.
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
    """:class:`SumParams` over a window that slides over an image, NHWC; taps outside the image count as zero."""

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
    if isinstance(weights_quant, PerChannelQuantParam):
        scales = list(weights_quant.scales)
    else:
        scales = [weights_quant.scale] * channels
    multiplier, shift = quantize_multipliers(effective_scales(input_quant.scale, scales, output_quant.scale))
    check_defined_shift(int(shift.max()))
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


def window(
    padding: Padding,
    input_shape: Shape,
    filter_size: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    output_shape: Shape,
) -> dict[str, Any]:
    """``padding``, ``pad_h``, ``pad_w``, ``stride_h`` and ``stride_w`` of a sliding window.

    Raises:
        InvalidShape: the output has another size than the window gives, or something overflows 32 bits.
    """
    before = []
    for axis, name in enumerate(("height", "width")):
        effective = (filter_size[axis] - 1) * dilation[axis] + 1
        if input_shape[axis + 1] + effective + stride[axis] > INT32_MAX:
            raise InvalidShape(f"along the {name}, window, dilation and stride overflow 32 bits")
        size, pad = compute_padding(padding, input_shape[axis + 1], filter_size[axis], stride[axis], dilation[axis])
        if size != output_shape[axis + 1]:
            raise InvalidShape(f"the output's {name} is {output_shape[axis + 1]}, but the window gives {max(size, 0)}")
        before.append(pad)
    if input_shape[0] != output_shape[0]:
        raise InvalidShape(f"{input_shape[0]} images go in and {output_shape[0]} come out")
    return {
        "padding": padding,
        "pad_h": before[0],
        "pad_w": before[1],
        "stride_h": stride[0],
        "stride_w": stride[1],
    }
