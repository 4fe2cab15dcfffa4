"""TRANSPOSE_CONV. Source of the rules: TFLM ``transpose_conv.cc``."""

from __future__ import annotations

from ember_infer_core.ops.transpose_conv import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.options import TransposeConvOptions

# Input 0 says the output's shape; TFLM takes that from the output itself.
_WEIGHTS, _INPUT, _BIAS = 1, 2, 3


def lower(source: OperatorSource) -> Lowered:
    """The call of a TRANSPOSE_CONV."""
    source.arity((3, 4))
    options = source.options(TransposeConvOptions)
    strides = {"stride_w": options.stride_w, "stride_h": options.stride_h}
    source.positive(**strides)
    input_, weights, output = source.input(_INPUT), source.constant(source.input(_WEIGHTS)), source.output()
    weights_shape = source.shape4(weights)
    params = source.prepare(
        prepare,
        input_shape=source.shape4(input_),
        weights_shape=weights_shape,
        output_shape=source.shape4(output),
        input_quant=source.quant(input_),
        weights_quant=source.weights_quant(weights, channel_axis=0),
        output_quant=source.quant(output),
        padding=source.padding(options.padding),
        fused_activation=source.activation(options.fused_activation_function),
        **strides,
    )
    operands = {"input": input_.index, "weights": weights.index, "output": output.index}
    return Lowered("transpose_conv", params, operands | source.bias(weights_shape[0], _BIAS))
