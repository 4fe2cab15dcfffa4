"""CONV_2D to :class:`Conv2dParams`. Source of the rules: TFLM ``conv_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.convolution import convolution_attributes, convolution_operands
from ember_infer_macros.tflite.schema import Conv2DOptions


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes its padding, multipliers and clamp."""
    source.arity((2, 3))
    params = Conv2dParams(**convolution_attributes(source, source.options(Conv2DOptions), channel_axis=0))
    channels_in, (channels_out, _, _, depth) = params.input_shape[3], params.weights_shape
    if params.output_shape[3] != channels_out:
        raise source.fail(f"{channels_out} filters, but {params.output_shape[3]} output channels")
    groups, remainder = divmod(channels_in, depth)
    if remainder or channels_out % groups:
        raise source.fail(
            f"filters of depth {depth} do not divide {channels_in} input and {channels_out} output channels"
        )
    return Lowered("conv2d", params, convolution_operands(source, channels_out))
