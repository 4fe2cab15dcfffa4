"""CONCATENATION. Source of the rules: TFLM ``concatenation.cc``."""

from __future__ import annotations

from ember_infer_core.activation import FusedActivation
from ember_infer_core.ops.concatenation import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.lower.movement import moved
from ember_infer_macros.tflite.options import ConcatenationOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a CONCATENATION."""
    source.one_output()
    options = source.options_or_default(ConcatenationOptions)
    if source.activation(options.fused_activation_function) is not FusedActivation.NONE:
        raise Refusal("it has a fused activation; TensorFlow Lite Micro refuses this too")
    inputs, output = source.inputs(), source.output()
    return moved(
        source,
        prepare,
        inputs,
        inputs_shapes=tuple(tensor.shape for tensor in inputs),
        output_shape=output.shape,
        axis=options.axis,
        inputs_quants=[source.written_quant(tensor) for tensor in inputs],
        output_quant=source.written_quant(output),
    )
