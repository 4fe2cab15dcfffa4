"""DEPTHWISE_CONV_2D to :class:`DepthwiseConv2dParams`. Source of the rules: TFLM ``depthwise_conv_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.convolution import convolution_attributes, convolution_operands
from ember_infer_macros.tflite.schema import DepthwiseConv2DOptions


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes its padding, multipliers and clamp."""
    source.arity((2, 3))
    options = source.options(DepthwiseConv2DOptions)
    source.positive(depth_multiplier=options.depth_multiplier)
    params = DepthwiseConv2dParams(
        depth_multiplier=options.depth_multiplier, **convolution_attributes(source, options, channel_axis=3)
    )
    channels_in, (one, _, _, channels_out) = params.input_shape[3], params.weights_shape
    if one != 1:
        raise source.fail(f"weights of shape {list(params.weights_shape)} must begin with 1")
    if channels_out != channels_in * options.depth_multiplier or channels_out != params.output_shape[3]:
        raise source.fail(
            f"{channels_in} input channels and depth multiplier {options.depth_multiplier} contradict "
            f"{channels_out} filters and {params.output_shape[3]} output channels"
        )
    return Lowered("depthwise_conv2d", params, convolution_operands(source, channels_out))
