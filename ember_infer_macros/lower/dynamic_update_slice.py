"""DYNAMIC_UPDATE_SLICE. Source of the rules: TFLM ``dynamic_update_slice.cc``."""

from __future__ import annotations

from ember_infer_core.ops.dynamic_update_slice import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved


def lower(source: OperatorSource) -> Lowered:
    """The call of a DYNAMIC_UPDATE_SLICE whose start is a constant."""
    source.arity((3,))
    operand, update, output = source.input(0), source.input(1), source.output()
    return moved(
        source,
        prepare,
        [operand, update],
        operand_shape=operand.shape,
        update_shape=update.shape,
        output_shape=output.shape,
        start=source.whole_numbers(source.input(2)),
    )
