"""SPLIT and SPLIT_V. Source of the rules: TFLM ``split.cc``, ``split_v.cc``."""

from __future__ import annotations

from ember_infer_core.ops.split import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a SPLIT, whose inputs are axis and data, or a SPLIT_V: data, sizes and axis."""
    is_split = source.operator.code is BuiltinOperator.SPLIT
    source.input_count((2,) if is_split else (3,))
    data, axis = (source.input(1), source.input(0)) if is_split else (source.input(0), source.input(2))
    return moved(
        source,
        prepare,
        [data],
        input_shape=data.shape,
        outputs_shapes=tuple(tensor.shape for tensor in source.outputs()),
        axis=source.written_numbers(axis)[0],
        equal=is_split,
    )
