"""ADD to :class:`ElementwiseAddParams`. Source of the rules: TFLM ``add_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.add import ElementwiseAddParams
from ember_infer_core.quantization import quantize_multiplier_smaller_than_one_exp
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.schema import AddOptions

_LEFT_SHIFT = 20


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes its three multipliers and the clamp."""
    source.arity((2,))
    options = source.options_or_default(AddOptions)
    input1, input2, output = source.input(0), source.input(1), source.output()
    source.broadcast(input1.shape, input2.shape)
    quant1, quant2, output_quant = source.quant(input1), source.quant(input2), source.quant(output)
    twice_max_input_scale = 2 * max(quant1.scale, quant2.scale)
    with source.refusing():
        multiplier1, shift1 = quantize_multiplier_smaller_than_one_exp(quant1.scale / twice_max_input_scale)
        multiplier2, shift2 = quantize_multiplier_smaller_than_one_exp(quant2.scale / twice_max_input_scale)
        output_multiplier, output_shift = quantize_multiplier_smaller_than_one_exp(
            twice_max_input_scale / ((1 << _LEFT_SHIFT) * output_quant.scale)
        )
    activation = source.activation(options.fused_activation_function)
    activation_min, activation_max = source.activation_range(activation, output_quant)
    params = ElementwiseAddParams(
        input1_shape=input1.shape,
        input2_shape=input2.shape,
        output_shape=output.shape,
        fused_activation=activation,
        input1_quant=quant1,
        input2_quant=quant2,
        output_quant=output_quant,
        input1_offset=-quant1.zero_point,
        input2_offset=-quant2.zero_point,
        output_offset=output_quant.zero_point,
        left_shift=_LEFT_SHIFT,
        input1_multiplier=multiplier1,
        input1_shift=shift1,
        input2_multiplier=multiplier2,
        input2_shift=shift2,
        output_multiplier=output_multiplier,
        output_shift=output_shift,
        activation_min=activation_min,
        activation_max=activation_max,
    )
    return Lowered("add", params, {"input1": input1.index, "input2": input2.index, "output": output.index})
