"""FILL and ZEROS_LIKE. Source of the rules: TFLM ``fill.cc``, ``zeros_like.cc``."""

from __future__ import annotations

from ember_infer_core.ops.fill import prepare, prepare_zeros_like
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a FILL or a ZEROS_LIKE."""
    output = source.output()
    if source.operator.code is BuiltinOperator.ZEROS_LIKE:
        source.arity((1,))
        return moved(source, prepare_zeros_like, [], input_shape=source.input(0).shape, output_shape=output.shape)
    source.arity((2,))
    dims, value = source.written_numbers(source.input(0)), source.input(1)
    return moved(source, prepare, [value], value_shape=value.shape, output_shape=output.shape, dims=dims)
