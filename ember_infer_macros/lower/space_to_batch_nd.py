"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, as in TFLM ``space_to_batch_nd.cc`` and ``batch_to_space_nd.cc``."""

from __future__ import annotations

from ember_infer_core.ops.space_to_batch_nd import prepare, prepare_batch_to_space_nd
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved_one
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a SPACE_TO_BATCH_ND or a BATCH_TO_SPACE_ND."""
    source.arity((3,))
    block_shape, margins = (source.whole_numbers(source.input(position)) for position in (1, 2))
    if source.operator.code is BuiltinOperator.SPACE_TO_BATCH_ND:
        return moved_one(source, prepare, block_shape=block_shape, paddings=margins)
    return moved_one(source, prepare_batch_to_space_nd, block_shape=block_shape, crops=margins)
