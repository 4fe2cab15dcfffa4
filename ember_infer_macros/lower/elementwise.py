"""What ADD and MUL share: two operands that broadcast, each with its own quantisation, and a clamp."""

from __future__ import annotations

from typing import Any

from ember_infer_macros.lower.common import OperatorSource

__all__ = ["elementwise_attributes", "elementwise_operands"]


def elementwise_attributes(source: OperatorSource, fused_activation_function: int) -> dict[str, Any]:
    """Shapes, quantisation, offsets and clamp, as fields of the operator's parameters."""
    input1, input2, output = source.input(0), source.input(1), source.output()
    source.broadcast(input1.shape, input2.shape)
    quant1, quant2, output_quant = source.quant(input1), source.quant(input2), source.quant(output)
    activation = source.activation(fused_activation_function)
    activation_min, activation_max = source.activation_range(activation, output_quant)
    return {
        "input1_shape": input1.shape,
        "input2_shape": input2.shape,
        "output_shape": output.shape,
        "fused_activation": activation,
        "input1_quant": quant1,
        "input2_quant": quant2,
        "output_quant": output_quant,
        "input1_offset": -quant1.zero_point,
        "input2_offset": -quant2.zero_point,
        "output_offset": output_quant.zero_point,
        "activation_min": activation_min,
        "activation_max": activation_max,
    }


def elementwise_operands(source: OperatorSource) -> dict[str, int]:
    """The tensor for each buffer."""
    return {"input1": source.input(0).index, "input2": source.input(1).index, "output": source.output().index}
