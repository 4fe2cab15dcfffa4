"""ADD to :class:`ElementwiseAddParams`. Source of the rules: TFLM ``add_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.add import ElementwiseAddParams
from ember_infer_core.quantization import quantize_multiplier_smaller_than_one_exp
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.elementwise import elementwise_attributes, elementwise_operands
from ember_infer_macros.tflite.schema import AddOptions

_LEFT_SHIFT = 20


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes its three multipliers and the clamp."""
    source.arity((2,))
    options = source.options_or_default(AddOptions)
    attributes = elementwise_attributes(source, options.fused_activation_function)
    scale1, scale2, output_scale = (attributes[f"{name}_quant"].scale for name in ("input1", "input2", "output"))
    twice_max_input_scale = 2 * max(scale1, scale2)
    with source.refusing():
        multiplier1, shift1 = quantize_multiplier_smaller_than_one_exp(scale1 / twice_max_input_scale)
        multiplier2, shift2 = quantize_multiplier_smaller_than_one_exp(scale2 / twice_max_input_scale)
        output_multiplier, output_shift = quantize_multiplier_smaller_than_one_exp(
            twice_max_input_scale / ((1 << _LEFT_SHIFT) * output_scale)
        )
    params = ElementwiseAddParams(
        left_shift=_LEFT_SHIFT,
        input1_multiplier=multiplier1,
        input1_shift=shift1,
        input2_multiplier=multiplier2,
        input2_shift=shift2,
        output_multiplier=output_multiplier,
        output_shift=output_shift,
        **attributes,
    )
    return Lowered("add", params, elementwise_operands(source))
