"""MUL to :class:`MulParams`. Source of the rules: TFLM ``mul_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.mul import MulParams
from ember_infer_core.quantization import quantize_multiplier
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.schema import MulOptions


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes its multiplier and the clamp."""
    source.arity((2,))
    options = source.options_or_default(MulOptions)
    input1, input2, output = source.input(0), source.input(1), source.output()
    source.broadcast(input1.shape, input2.shape)
    quant1, quant2, output_quant = source.quant(input1), source.quant(input2), source.quant(output)
    activation = source.activation(options.fused_activation_function)
    activation_min, activation_max = source.activation_range(activation, output_quant)
    output_multiplier, output_shift = quantize_multiplier(quant1.scale * quant2.scale / output_quant.scale)
    source.defined_shift(output_shift)
    params = MulParams(
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
        output_multiplier=output_multiplier,
        output_shift=output_shift,
        activation_min=activation_min,
        activation_max=activation_max,
    )
    return Lowered("mul", params, {"input1": input1.index, "input2": input2.index, "output": output.index})
