"""What CONV_2D and DEPTHWISE_CONV_2D share: all attributes but how filters meet channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ember_infer_core.ops.sums import WindowedSumParams
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.options import Conv2DOptions, DepthwiseConv2DOptions

__all__ = ["lower_convolution"]


def lower_convolution(
    source: OperatorSource,
    method: str,
    prepare: Callable[..., WindowedSumParams],
    options: Conv2DOptions | DepthwiseConv2DOptions,
    channel_axis: int,
    **fields: Any,
) -> Lowered:
    """The call of a convolution.

    Args:
        source: the operator.
        method: of :class:`KernelBackend`.
        prepare: makes its parameters.
        options: its options.
        channel_axis: the axis of the weights along which the output channels lie.
        fields: what else ``prepare`` takes.
    """
    source.arity((2, 3))
    sizes = {
        "stride_w": options.stride_w,
        "stride_h": options.stride_h,
        "dilation_w_factor": options.dilation_w_factor,
        "dilation_h_factor": options.dilation_h_factor,
    }
    source.positive(**sizes)
    input_, weights, output = source.input(0), source.constant(source.input(1)), source.output()
    weights_shape = source.shape4(weights)
    params = source.prepare(
        prepare,
        input_shape=source.shape4(input_),
        weights_shape=weights_shape,
        output_shape=source.shape4(output),
        input_quant=source.quant(input_),
        weights_quant=source.weights_quant(weights, channel_axis),
        output_quant=source.quant(output),
        padding=source.padding(options.padding),
        fused_activation=source.activation(options.fused_activation_function),
        **sizes,
        **fields,
    )
    operands = {"input": input_.index, "weights": weights.index, "output": output.index}
    return Lowered(method, params, operands | source.bias(weights_shape[channel_axis]))
