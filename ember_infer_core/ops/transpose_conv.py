"""TRANSPOSE_CONV: parameters and their preparation."""

from __future__ import annotations

from dataclasses import dataclass

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.sums import SumParams, scaling
from ember_infer_core.ops.windows import Padding, compute_padding
from ember_infer_core.quantization import INT32_MAX, AnyQuantParam, QuantParam
from ember_infer_core.slots import Shape4

__all__ = ["TransposeConvParams", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class TransposeConvParams(SumParams):
    """A transposed 2-D convolution, NHWC, with int8 weights ``[C_out, KH, KW, C_in]`` and int32 accumulation.

    Input pixel ``(y, x)`` adds, for each tap ``(i, j)`` and output channel ``c``, the sum of
    ``(input + input_offset) * weights[c, i, j]`` to output pixel
    ``(y * stride_h - pad_h + i, x * stride_w - pad_w + j)``, if there is one. What has come together, plus ``bias[c]``,
    is scaled by
    ``output_multiplier[c] * 2**(output_shift[c] - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``.

    Fields that are not named here are described in :class:`SumParams`.

    Attributes:
        input_shape: ``(N, H, W, C_in)``.
        weights_shape: ``(C_out, KH, KW, C_in)``.
        output_shape: ``(N, OH, OW, C_out)``; its height and width may be any.
        padding: the scheme of the model; ``pad_h`` and ``pad_w`` are what it comes to: rows above, columns left.
        input_offset: minus the input's zero point.
        output_offset: the output's zero point.
        output_multiplier, output_shift: int32 ``(C_out,)``; a positive shift is to the left.
        input, weights, bias, output, scratch: the buffers; bias is int32 ``(C_out,)`` or None.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    input_shape: Shape4
    weights_shape: Shape4
    output_shape: Shape4
    padding: Padding
    pad_h: int
    pad_w: int
    stride_h: int = 1
    stride_w: int = 1

    @property
    def bias_shape(self) -> tuple[int]:
        """``(C_out,)``."""
        return (self.weights_shape[0],)


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
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> TransposeConvParams:
    """The parameters of a call. The padding is that of the convolution which makes the input of the output.

    Source: TFLM ``TransposeConvPrepare``, which compares no sizes.

    Raises:
        InvalidShape: the shapes contradict each other, or something overflows 32 bits.
        ValueError: TFLM refuses these scales, or leaves undefined what they give.
    """
    batch, _, _, channels_in = input_shape
    channels_out, *filter_size, depth = weights_shape
    if (batch, channels_out) != (output_shape[0], output_shape[3]) or channels_in != depth:
        raise InvalidShape(
            f"an input of shape {list(input_shape)} and weights of shape {list(weights_shape)} contradict "
            f"an output of shape {list(output_shape)}"
        )
    pads = []
    for axis, stride in ((1, stride_h), (2, stride_w)):
        size, taps = output_shape[axis], filter_size[axis - 1]
        if max(input_shape[axis], size) * stride + taps > INT32_MAX:
            raise InvalidShape("sizes, filter and stride overflow 32 bits")
        pads.append(compute_padding(padding, size, taps, stride)[1])
    return TransposeConvParams(
        input_shape=input_shape,
        weights_shape=weights_shape,
        output_shape=output_shape,
        padding=padding,
        pad_h=pads[0],
        pad_w=pads[1],
        stride_h=stride_h,
        stride_w=stride_w,
        **scaling(input_quant, weights_quant, output_quant, channels_out, fused_activation),
    )
