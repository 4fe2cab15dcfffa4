"""MUL to :class:`MulParams`. Source of the rules: TFLM ``mul_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.mul import MulParams
from ember_infer_core.quantization import quantize_multiplier
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.elementwise import elementwise_attributes, elementwise_operands
from ember_infer_macros.tflite.schema import MulOptions


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes its multiplier and the clamp."""
    source.arity((2,))
    options = source.options_or_default(MulOptions)
    attributes = elementwise_attributes(source, options.fused_activation_function)
    scale1, scale2, output_scale = (attributes[f"{name}_quant"].scale for name in ("input1", "input2", "output"))
    output_multiplier, output_shift = quantize_multiplier(scale1 * scale2 / output_scale)
    source.defined_shift(output_shift)
    params = MulParams(output_multiplier=output_multiplier, output_shift=output_shift, **attributes)
    return Lowered("mul", params, elementwise_operands(source))
