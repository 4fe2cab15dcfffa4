"""CONV_2D to :class:`Conv2dParams`. Source of the rules: TFLM ``conv_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.schema import Conv2DOptions


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes its padding, multipliers and clamp."""
    source.arity((2, 3))
    options = source.options(Conv2DOptions)
    source.positive(
        stride_w=options.stride_w,
        stride_h=options.stride_h,
        dilation_w_factor=options.dilation_w_factor,
        dilation_h_factor=options.dilation_h_factor,
    )
    input_, weights, output = source.input(0), source.constant(source.input(1)), source.output()
    input_shape, weights_shape, output_shape = (source.shape4(tensor) for tensor in (input_, weights, output))
    channels_out, filter_height, filter_width, filter_depth = weights_shape
    if output_shape[3] != channels_out:
        raise source.fail(f"{channels_out} filters, but {output_shape[3]} output channels")
    groups, remainder = divmod(input_shape[3], filter_depth)
    if remainder or channels_out % groups:
        raise source.fail(
            f"filters of depth {filter_depth} do not divide {input_shape[3]} input and {channels_out} output channels"
        )
    padding = source.padding(options.padding)
    stride = options.stride_h, options.stride_w
    dilation = options.dilation_h_factor, options.dilation_w_factor
    pad_h, pad_w = source.window(padding, input_shape, (filter_height, filter_width), stride, dilation, output_shape)
    input_quant, output_quant = source.quant(input_), source.quant(output)
    weights_quant, weight_scales = source.weights_quant(weights, channel_axis=0)
    activation = source.activation(options.fused_activation_function)
    activation_min, activation_max = source.activation_range(activation, output_quant)
    params = Conv2dParams(
        input_shape=input_shape,
        weights_shape=weights_shape,
        output_shape=output_shape,
        padding=padding,
        pad_h=pad_h,
        pad_w=pad_w,
        stride_h=options.stride_h,
        stride_w=options.stride_w,
        dilation_h_factor=options.dilation_h_factor,
        dilation_w_factor=options.dilation_w_factor,
        fused_activation=activation,
        input_quant=input_quant,
        weights_quant=weights_quant,
        output_quant=output_quant,
        input_offset=-input_quant.zero_point,
        output_offset=output_quant.zero_point,
        activation_min=activation_min,
        activation_max=activation_max,
        **source.output_multipliers(input_quant, weight_scales, output_quant),
    )
    operands = {"input": input_.index, "weights": weights.index, "output": output.index}
    return Lowered("conv2d", params, operands | source.bias(channels_out))
