"""FULLY_CONNECTED to :class:`FullyConnectedParams`. Source of the rules: TFLM ``fully_connected_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.quantization import PerChannelQuantParam, QuantParam
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.schema import FullyConnectedOptions

# TFLM accepts a bias whose scale is off by this share of an output step (``GetQuantizedConvolutionMultipler``).
_BIAS_SCALE_TOLERANCE = 0.02


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes its multipliers and clamp."""
    source.arity((2, 3))
    options = source.options_or_default(FullyConnectedOptions)
    if options.weights_format != 0:
        raise Refusal("shuffled weights are not supported")
    input_, weights, output = source.input(0), source.constant(source.input(1)), source.output()
    if len(weights.shape) != 2:
        raise source.fail(f"weights {weights.describe()} must have rank 2")
    output_depth, input_depth = weights.shape
    batches, remainder = divmod(element_count(input_.shape), input_depth)
    if remainder:
        raise source.fail(f"{input_.describe()} does not divide into rows of {input_depth}")
    if not output.shape or output.shape[-1] != output_depth or element_count(output.shape) != batches * output_depth:
        raise source.fail(f"{output.describe()} does not hold {batches} rows of {output_depth}")
    input_quant, output_quant = source.quant(input_), source.quant(output)
    weights_quant, weight_scales = source.weights_quant(weights, channel_axis=0)
    if isinstance(weights_quant, PerChannelQuantParam) and weights_quant.quantized_dimension != 0:
        raise source.fail(f"weights are quantised along dimension {weights_quant.quantized_dimension}, not 0")
    weights_offset = 0
    if isinstance(weights_quant, QuantParam):
        weights_offset = -weights_quant.zero_point
        _check_bias_scale(source, input_quant, weights_quant, output_quant)
    activation = source.activation(options.fused_activation_function)
    activation_min, activation_max = source.activation_range(activation, output_quant)
    params = FullyConnectedParams(
        input_shape=input_.shape,
        weights_shape=(output_depth, input_depth),
        output_shape=output.shape,
        fused_activation=activation,
        input_quant=input_quant,
        weights_quant=weights_quant,
        output_quant=output_quant,
        input_offset=-input_quant.zero_point,
        weights_offset=weights_offset,
        output_offset=output_quant.zero_point,
        activation_min=activation_min,
        activation_max=activation_max,
        **source.output_multipliers(input_quant, weight_scales, output_quant),
    )
    operands = {"input": input_.index, "weights": weights.index, "output": output.index}
    return Lowered("fully_connected", params, operands | source.bias(output_depth))


def _check_bias_scale(
    source: OperatorSource, input_quant: QuantParam, weights_quant: QuantParam, output_quant: QuantParam
) -> None:
    if not source.has_input(2):
        return
    bias = source.input(2)
    bias_scale = bias.quantization.scales[0] if bias.quantization is not None else 0.0
    difference = abs(input_quant.scale * weights_quant.scale - bias_scale)
    if difference / output_quant.scale > _BIAS_SCALE_TOLERANCE:
        raise Refusal(
            f"bias {bias.describe()} has the scale {bias_scale:g}, not input scale times weight scale "
            f"({input_quant.scale * weights_quant.scale:g}); TensorFlow Lite Micro refuses this too"
        )
