"""CONV_2D: parameters and their preparation."""

from __future__ import annotations

from dataclasses import dataclass

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.sums import WindowedSumParams, scaling
from ember_infer_core.ops.windows import Padding, window
from ember_infer_core.quantization import AnyQuantParam, QuantParam
from ember_infer_core.slots import Shape4

__all__ = ["Conv2dParams", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class Conv2dParams(WindowedSumParams):
    """A 2-D convolution, NHWC, with int8 weights ``[C_out, KH, KW, C_in / groups]`` and int32 accumulation.

    For each output channel ``c`` the sum of ``(input + input_offset) * weights``, plus ``bias[c]``, is scaled by
    ``output_multiplier[c] * 2**(output_shift[c] - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``. Taps outside the image count as zero.

    Fields that are not named here are described in :class:`WindowedSumParams`.

    Attributes:
        input_shape: ``(N, H, W, C_in)``.
        weights_shape: ``(C_out, KH, KW, C_in / groups)``.
        output_shape: ``(N, OH, OW, C_out)``.
        padding: the scheme of the model; ``pad_h`` and ``pad_w`` are what it comes to: rows above, columns left.
        input_offset: minus the input's zero point.
        output_offset: the output's zero point.
        output_multiplier, output_shift: int32 ``(C_out,)``; a positive shift is to the left.
        input, weights, bias, output, scratch: the buffers; bias is int32 ``(C_out,)`` or None.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    @property
    def bias_shape(self) -> tuple[int]:
        """``(C_out,)``."""
        return (self.weights_shape[0],)

    @property
    def groups(self) -> int:
        """Number of channel groups; 1 for an ordinary convolution."""
        return self.input_shape[3] // self.weights_shape[3]


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
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> Conv2dParams:
    """The parameters of a call. Source: TFLM ``ConvPrepare``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales, or leaves undefined what they give.
    """
    channels_in, (channels_out, height, width, depth) = input_shape[3], weights_shape
    if output_shape[3] != channels_out:
        raise InvalidShape(f"{channels_out} filters, but {output_shape[3]} output channels")
    groups, remainder = divmod(channels_in, depth)
    if remainder or channels_out % groups:
        raise InvalidShape(
            f"filters of depth {depth} do not divide {channels_in} input and {channels_out} output channels"
        )
    stride, dilation = (stride_h, stride_w), (dilation_h_factor, dilation_w_factor)
    return Conv2dParams(
        input_shape=input_shape,
        weights_shape=weights_shape,
        output_shape=output_shape,
        dilation_h_factor=dilation_h_factor,
        dilation_w_factor=dilation_w_factor,
        **window(padding, input_shape, (height, width), stride, dilation, output_shape),
        **scaling(input_quant, weights_quant, output_quant, channels_out, fused_activation),
    )
