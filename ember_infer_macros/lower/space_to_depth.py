"""SPACE_TO_DEPTH and DEPTH_TO_SPACE. Source of the rules: TFLM ``space_to_depth.cc``, ``depth_to_space_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.space_to_depth import prepare, prepare_depth_to_space
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved_one
from ember_infer_macros.tflite.options import DepthToSpaceOptions, SpaceToDepthOptions
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a SPACE_TO_DEPTH or a DEPTH_TO_SPACE."""
    source.arity((1,))
    if source.operator.code is BuiltinOperator.SPACE_TO_DEPTH:
        return moved_one(source, prepare, block_size=source.options(SpaceToDepthOptions).block_size)
    return moved_one(source, prepare_depth_to_space, block_size=source.options(DepthToSpaceOptions).block_size)
