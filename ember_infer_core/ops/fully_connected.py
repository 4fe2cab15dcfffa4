"""FULLY_CONNECTED: parameters and their preparation."""

from __future__ import annotations

from dataclasses import dataclass

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.sums import SumParams, scaling
from ember_infer_core.quantization import AnyQuantParam, PerChannelQuantParam, QuantParam
from ember_infer_core.slots import Shape

__all__ = ["FullyConnectedParams", "check_bias_scale", "count_rows", "prepare"]

# TFLM accepts a bias whose scale is off by this share of an output step (``GetQuantizedConvolutionMultipler``).
_BIAS_SCALE_TOLERANCE = 0.02


@dataclass(slots=True, kw_only=True, eq=False)
class FullyConnectedParams(SumParams):
    """A matrix product with int8 weights ``[output_depth, input_depth]`` and int32 accumulation.

    The input is read as rows of ``input_depth``, the output as as many rows of ``output_depth``, whatever their ranks.
    For each output ``c`` the sum of ``(input + input_offset) * (weights + weights_offset)``, plus ``bias[c]``, is
    scaled by ``output_multiplier[c] * 2**(output_shift[c] - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``.

    Fields that are not named here are described in :class:`SumParams`.

    Attributes:
        input_shape: any shape of ``batches * input_depth`` elements.
        weights_shape: ``(output_depth, input_depth)``.
        output_shape: any shape of ``batches * output_depth`` elements.
        input_offset, weights_offset: minus the zero points; the weights' is 0 where their scales are per channel.
        output_offset: the output's zero point.
        output_multiplier, output_shift: int32 ``(output_depth,)``; a positive shift is to the left.
        input, weights, bias, output, scratch: the buffers; bias is int32 ``(output_depth,)`` or None.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    input_shape: Shape
    weights_shape: tuple[int, int]
    output_shape: Shape
    weights_offset: int = 0

    @property
    def bias_shape(self) -> tuple[int]:
        """``(output_depth,)``."""
        return (self.weights_shape[0],)


def prepare(
    *,
    input_shape: Shape,
    weights_shape: tuple[int, int],
    output_shape: Shape,
    input_quant: QuantParam,
    weights_quant: AnyQuantParam,
    output_quant: QuantParam,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> FullyConnectedParams:
    """The parameters of a call. Source: TFLM ``CalculateOpDataFullyConnected``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales, or leaves undefined what they give.
    """
    count_rows(input_shape, weights_shape, output_shape)
    if isinstance(weights_quant, PerChannelQuantParam) and weights_quant.quantized_dimension != 0:
        raise InvalidShape(f"weights are quantised along dimension {weights_quant.quantized_dimension}, not 0")
    return FullyConnectedParams(
        input_shape=input_shape,
        weights_shape=weights_shape,
        output_shape=output_shape,
        weights_offset=-weights_quant.zero_point if isinstance(weights_quant, QuantParam) else 0,
        **scaling(input_quant, weights_quant, output_quant, weights_shape[0], fused_activation),
    )


def count_rows(input_shape: Shape, weights_shape: tuple[int, int], output_shape: Shape) -> int:
    """How many rows of ``input_depth`` the input holds, and the output of ``output_depth``.

    Raises:
        InvalidShape: the input does not divide into such rows, or the output does not hold as many.
    """
    output_depth, input_depth = weights_shape
    rows, remainder = divmod(element_count(input_shape), input_depth)
    if remainder:
        raise InvalidShape(f"an input of shape {list(input_shape)} does not divide into rows of {input_depth}")
    if not output_shape or output_shape[-1] != output_depth or element_count(output_shape) != rows * output_depth:
        raise InvalidShape(f"an output of shape {list(output_shape)} does not hold {rows} rows of {output_depth}")
    return rows


def check_bias_scale(
    input_quant: QuantParam, weights_quant: QuantParam, output_quant: QuantParam, bias_scale: float
) -> None:
    """Checks that a bias is quantised as products of input and weights are, about.

    Source: TFLM ``GetQuantizedConvolutionMultipler``.

    Raises:
        ValueError: where TFLM refuses the model.
    """
    product = input_quant.scale * weights_quant.scale
    if abs(product - bias_scale) / output_quant.scale > _BIAS_SCALE_TOLERANCE:
        raise ValueError(f"the bias has the scale {bias_scale:g}, not input scale times weight scale ({product:g})")
