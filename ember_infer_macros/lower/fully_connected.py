"""FULLY_CONNECTED. Source of the rules: TFLM ``fully_connected_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.fully_connected import FullyConnectedParams, check_bias_scale, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.options import FullyConnectedOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a FULLY_CONNECTED."""
    source.arity((2, 3))
    options = source.options_or_default(FullyConnectedOptions)
    if options.weights_format != 0:
        raise Refusal("shuffled weights are not supported")
    input_, weights, output = source.input(0), source.constant(source.input(1)), source.output()
    if len(weights.shape) != 2:
        raise source.fail(f"weights {weights.describe()} must have rank 2")
    params = source.prepare(
        prepare,
        input_shape=input_.shape,
        weights_shape=weights.shape,
        output_shape=output.shape,
        input_quant=source.quant(input_),
        weights_quant=source.weights_quant(weights, channel_axis=0),
        output_quant=source.quant(output),
        fused_activation=source.activation(options.fused_activation_function),
    )
    _check_bias(source, params)
    operands = {"input": input_.index, "weights": weights.index, "output": output.index}
    return Lowered("fully_connected", params, operands | source.bias(params.weights_shape[0]))


def _check_bias(source: OperatorSource, params: FullyConnectedParams) -> None:
    if not source.has_input(2) or not isinstance(params.weights_quant, QuantParam):
        return
    bias = source.input(2)
    scale = bias.quantization.scales[0] if bias.quantization is not None else 0.0
    try:
        check_bias_scale(params.input_quant, params.weights_quant, params.output_quant, scale)
    except ValueError as error:
        raise Refusal(f"{bias.describe()}: {error}; TensorFlow Lite Micro refuses this too") from None
