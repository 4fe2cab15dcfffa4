"""CONV_2D. Source of the rules: TFLM ``conv_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.conv2d import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.convolution import lower_convolution
from ember_infer_macros.tflite.options import Conv2DOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a CONV_2D."""
    return lower_convolution(source, "conv2d", prepare, source.options(Conv2DOptions), channel_axis=0)
