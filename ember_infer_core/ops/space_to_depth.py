"""SPACE_TO_DEPTH and DEPTH_TO_SPACE: preparation."""

from __future__ import annotations

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare", "prepare_depth_to_space"]


def prepare(*, input_shape: Shape, output_shape: Shape, block_size: int, dtype: DType) -> MovementParams:
    """The parameters of a SPACE_TO_DEPTH, NHWC. Source: TFLM ``space_to_depth.cc``.

    Raises:
        InvalidShape: the shapes contradict each other or the block size.
        ValueError: TFLM refuses the call.
    """
    _check(input_shape, output_shape, block_size)
    copies = [(_space(input_shape, block_size), _depth(output_shape, block_size))]
    return movement((input_shape,), (output_shape,), dtype, copies)


def prepare_depth_to_space(*, input_shape: Shape, output_shape: Shape, block_size: int, dtype: DType) -> MovementParams:
    """The parameters of a DEPTH_TO_SPACE, NHWC. Source: TFLM ``depth_to_space_common.cc``.

    Raises:
        InvalidShape: the shapes contradict each other or the block size.
        ValueError: TFLM refuses the call.
    """
    _check(input_shape, output_shape, block_size)
    copies = [(_depth(input_shape, block_size), _space(output_shape, block_size))]
    return movement((input_shape,), (output_shape,), dtype, copies)


def _space(shape: Shape, block: int) -> View:
    """Batch, rows of blocks, blocks of a row, rows of a block, columns of a block, channels."""
    return View.whole(shape).split(2, block).split(1, block).transposed((0, 1, 3, 2, 4, 5))


def _depth(shape: Shape, block: int) -> View:
    """The same, where the depth holds all elements of a block."""
    return View.whole(shape).split(3, max(1, shape[3] // block // block)).split(3, block)


def _check(input_shape: Shape, output_shape: Shape, block_size: int) -> None:
    if len(input_shape) != 4:
        raise ValueError(f"an input of rank {len(input_shape)}, where 4 is wanted")
    if len(output_shape) != 4:
        raise InvalidShape(f"an output of rank {len(output_shape)}, where 4 is wanted")
    if block_size < 1:
        raise ValueError(f"block_size is {block_size}; 1 or more is wanted")
