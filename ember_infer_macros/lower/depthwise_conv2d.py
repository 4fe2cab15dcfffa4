"""DEPTHWISE_CONV_2D. Source of the rules: TFLM ``depthwise_conv_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.depthwise_conv2d import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.convolution import lower_convolution
from ember_infer_macros.tflite.options import DepthwiseConv2DOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a DEPTHWISE_CONV_2D."""
    options = source.options(DepthwiseConv2DOptions)
    source.positive(depth_multiplier=options.depth_multiplier)
    return lower_convolution(
        source, "depthwise_conv2d", prepare, options, channel_axis=3, depth_multiplier=options.depth_multiplier
    )
