"""SOFTMAX to :class:`SoftmaxParams`. Source of the rules: TFLM ``softmax_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.softmax import SoftmaxParams
from ember_infer_core.quantization import (
    QuantParam,
    calculate_input_radius,
    preprocess_softmax_scaling,
)
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.schema import SoftmaxOptions

_INTEGER_BITS = 5
_OUTPUT_QUANT = QuantParam(1 / 256, -128)


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes the fixed-point scaling of its input."""
    source.arity((1,))
    options = source.options(SoftmaxOptions)
    input_, output = source.input(0), source.output()
    if not input_.shape or input_.shape != output.shape:
        raise source.fail(f"shapes {list(input_.shape)} and {list(output.shape)} must be equal and not scalar")
    input_quant, output_quant = source.quant(input_), source.quant(output)
    if output_quant != _OUTPUT_QUANT:
        raise Refusal(
            f"the output's scale {output_quant.scale:g} and zero point {output_quant.zero_point} must be "
            "1/256 and -128; TensorFlow Lite Micro refuses this too"
        )
    with source.refusing():
        multiplier, left_shift = preprocess_softmax_scaling(options.beta, input_quant.scale, _INTEGER_BITS)
    params = SoftmaxParams(
        input_shape=input_.shape,
        output_shape=output.shape,
        beta=options.beta,
        input_quant=input_quant,
        output_quant=output_quant,
        input_multiplier=multiplier,
        input_left_shift=left_shift,
        diff_min=-calculate_input_radius(_INTEGER_BITS, left_shift),
    )
    return Lowered("softmax", params, {"input": input_.index, "output": output.index})
