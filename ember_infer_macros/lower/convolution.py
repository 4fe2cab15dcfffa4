"""What CONV_2D and DEPTHWISE_CONV_2D share: all attributes but how filters meet channels."""

from __future__ import annotations

from typing import Any

from ember_infer_macros.lower.common import OperatorSource
from ember_infer_macros.tflite.schema import Conv2DOptions, DepthwiseConv2DOptions

__all__ = ["convolution_attributes", "convolution_operands"]


def convolution_attributes(
    source: OperatorSource, options: Conv2DOptions | DepthwiseConv2DOptions, channel_axis: int
) -> dict[str, Any]:
    """Shapes, window, quantisation, multipliers and clamp, as fields of the operator's parameters.

    Args:
        source: the operator.
        options: its options.
        channel_axis: the axis of the weights along which the output channels lie.
    """
    source.positive(
        stride_w=options.stride_w,
        stride_h=options.stride_h,
        dilation_w_factor=options.dilation_w_factor,
        dilation_h_factor=options.dilation_h_factor,
    )
    input_, weights, output = source.input(0), source.constant(source.input(1)), source.output()
    input_shape, weights_shape, output_shape = (source.shape4(tensor) for tensor in (input_, weights, output))
    padding = source.padding(options.padding)
    stride = options.stride_h, options.stride_w
    dilation = options.dilation_h_factor, options.dilation_w_factor
    pad_h, pad_w = source.window(padding, input_shape, weights_shape[1:3], stride, dilation, output_shape)
    input_quant, output_quant = source.quant(input_), source.quant(output)
    weights_quant, weight_scales = source.weights_quant(weights, channel_axis)
    activation = source.activation(options.fused_activation_function)
    activation_min, activation_max = source.activation_range(activation, output_quant)
    return {
        "input_shape": input_shape,
        "weights_shape": weights_shape,
        "output_shape": output_shape,
        "padding": padding,
        "pad_h": pad_h,
        "pad_w": pad_w,
        "stride_h": options.stride_h,
        "stride_w": options.stride_w,
        "dilation_h_factor": options.dilation_h_factor,
        "dilation_w_factor": options.dilation_w_factor,
        "fused_activation": activation,
        "input_quant": input_quant,
        "weights_quant": weights_quant,
        "output_quant": output_quant,
        "input_offset": -input_quant.zero_point,
        "output_offset": output_quant.zero_point,
        "activation_min": activation_min,
        "activation_max": activation_max,
        **source.output_multipliers(input_quant, weight_scales, output_quant),
    }


def convolution_operands(source: OperatorSource, channels_out: int) -> dict[str, int]:
    """The tensor for each buffer; the bias, where there is one, has an element for each output channel."""
    operands = {"input": source.input(0).index, "weights": source.input(1).index, "output": source.output().index}
    return operands | source.bias(channels_out)
