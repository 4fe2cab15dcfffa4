"""DEPTHWISE_CONV_2D: parameters and their preparation."""

from __future__ import annotations

from dataclasses import dataclass

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.sums import WindowedSumParams, scaling
from ember_infer_core.ops.windows import Padding, window
from ember_infer_core.quantization import AnyQuantParam, QuantParam
from ember_infer_core.slots import Shape4

__all__ = ["DepthwiseConv2dParams", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class DepthwiseConv2dParams(WindowedSumParams):
    """A depthwise 2-D convolution, NHWC, with int8 weights ``[1, KH, KW, C_out]`` and int32 accumulation.

    Output channel ``c`` sees input channel ``c // depth_multiplier`` alone. For each, the sum of
    ``(input + input_offset) * weights``, plus ``bias[c]``, is scaled by
    ``output_multiplier[c] * 2**(output_shift[c] - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``. Taps outside the image count as zero.

    Fields that are not named here are described in :class:`WindowedSumParams`.

    Attributes:
        input_shape: ``(N, H, W, C_in)``.
        weights_shape: ``(1, KH, KW, C_out)``.
        output_shape: ``(N, OH, OW, C_out)`` with ``C_out = C_in * depth_multiplier``.
        padding: the scheme of the model; ``pad_h`` and ``pad_w`` are what it comes to: rows above, columns left.
        input_offset: minus the input's zero point.
        output_offset: the output's zero point.
        output_multiplier, output_shift: int32 ``(C_out,)``; a positive shift is to the left.
        input, weights, bias, output, scratch: the buffers; bias is int32 ``(C_out,)`` or None.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    depth_multiplier: int = 1

    @property
    def bias_shape(self) -> tuple[int]:
        """``(C_out,)``."""
        return (self.weights_shape[3],)


def prepare(
    *,
    input_shape: Shape4,
    weights_shape: Shape4,
    output_shape: Shape4,
    input_quant: QuantParam,
    weights_quant: AnyQuantParam,
    output_quant: QuantParam,
    padding: Padding,
    stride_h: int = 1,
    stride_w: int = 1,
    dilation_h_factor: int = 1,
    dilation_w_factor: int = 1,
    depth_multiplier: int = 1,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> DepthwiseConv2dParams:
    """The parameters of a call. Source: TFLM ``DepthwiseConvPrepare``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales, or leaves undefined what they give.
    """
    channels_in, (one, height, width, channels_out) = input_shape[3], weights_shape
    if one != 1:
        raise InvalidShape(f"weights of shape {list(weights_shape)} must begin with 1")
    if channels_out != channels_in * depth_multiplier or channels_out != output_shape[3]:
        raise InvalidShape(
            f"{channels_in} input channels and depth multiplier {depth_multiplier} contradict "
            f"{channels_out} filters and {output_shape[3]} output channels"
        )
    stride, dilation = (stride_h, stride_w), (dilation_h_factor, dilation_w_factor)
    return DepthwiseConv2dParams(
        input_shape=input_shape,
        weights_shape=weights_shape,
        output_shape=output_shape,
        depth_multiplier=depth_multiplier,
        dilation_h_factor=dilation_h_factor,
        dilation_w_factor=dilation_w_factor,
        **window(padding, input_shape, (height, width), stride, dilation, output_shape),
        **scaling(input_quant, weights_quant, output_quant, channels_out, fused_activation),
    )
