"""SPACE_TO_DEPTH and DEPTH_TO_SPACE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.space_to_depth import prepare, prepare_depth_to_space
from ember_infer_core.slots import Shape

__all__ = ["CASES"]


def _draw(drawer: CaseDrawer) -> tuple[Shape, Shape, dict[str, Any]]:
    """The shapes with and without room for blocks, and what else there is."""
    batch, height, width, channels, block = (drawer.integer(1, 4) for _ in range(5))
    space = batch, height * block, width * block, channels
    depth = batch, height, width, channels * block * block
    return space, depth, {"block_size": block, "dtype": drawer.dtype("int8", "float32")}


def _space_to_depth(drawer: CaseDrawer) -> MovementParams:
    space, depth, fields = _draw(drawer)
    return prepare(input_shape=space, output_shape=depth, **fields)


def _depth_to_space(drawer: CaseDrawer) -> MovementParams:
    space, depth, fields = _draw(drawer)
    return prepare_depth_to_space(input_shape=depth, output_shape=space, **fields)


CASES: Mapping[str, OperatorCases] = {
    "space_to_depth": movement_cases(_space_to_depth),
    "depth_to_space": movement_cases(_depth_to_space),
}
