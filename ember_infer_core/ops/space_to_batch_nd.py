"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: preparation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare", "prepare_batch_to_space_nd"]


def prepare(
    *, input_shape: Shape, output_shape: Shape, block_shape: Sequence[int], paddings: Sequence[int], dtype: DType
) -> MovementParams:
    """The parameters of a SPACE_TO_BATCH_ND, NHC or NHWC. Source: TFLM ``space_to_batch_nd.cc``.

    Args:
        block_shape: sizes of a block, for each axis between the batch and the channels.
        paddings: how many elements are added before and after each of these axes; must be 0.

    Raises:
        InvalidShape: the shapes contradict each other or the blocks.
        ValueError: TFLM refuses the call, or leaves undefined what it computes.
    """
    _check(input_shape, output_shape, block_shape, paddings)
    if any(paddings):
        raise Undefined("it is padded, and TensorFlow Lite Micro pads with memory that nobody wrote")
    block = _pair(block_shape, 1)
    source = _blocks(View.whole(_image(input_shape)), block).transposed((2, 4, 0, 1, 3, 5))
    target = _batches(output_shape, block)
    return movement((input_shape,), (output_shape,), dtype, [(source, target)])


def prepare_batch_to_space_nd(
    *, input_shape: Shape, output_shape: Shape, block_shape: Sequence[int], crops: Sequence[int], dtype: DType
) -> MovementParams:
    """The parameters of a BATCH_TO_SPACE_ND, NHC or NHWC. Source: TFLM ``batch_to_space_nd.cc``.

    Args:
        block_shape: sizes of a block, for each axis between the batch and the channels.
        crops: how many elements are left out before and after each of these axes.

    Raises:
        InvalidShape: the shapes contradict each other, the blocks or the crops.
        ValueError: TFLM refuses the call, or leaves undefined what it computes.
    """
    _check(input_shape, output_shape, block_shape, crops)
    for axis, block in enumerate(block_shape):
        before, after = crops[2 * axis], crops[2 * axis + 1]
        size = input_shape[1 + axis] * block - before - after
        if min(before, after) < 0 or size != output_shape[1 + axis]:
            raise InvalidShape(
                f"{input_shape[1 + axis]} blocks of {block} less {before} and {after} are not {output_shape[1 + axis]}"
            )
    blocks = _pair(block_shape, 1)
    _, height, width, _ = output = _image(output_shape)
    source = _batches(input_shape, blocks).transposed((2, 3, 0, 4, 1, 5))
    copies = []
    for rows in _pieces(crops[0], height, blocks[0]):
        for columns in _pieces(_pair(crops[::2], 0)[1], width, blocks[1]):
            target = View.whole(output).part(1, rows.start, rows.size).part(2, columns.start, columns.size)
            copies.append(
                (
                    source.part(1, rows.block, rows.blocks)
                    .part(2, rows.place, rows.places)
                    .part(3, columns.block, columns.blocks)
                    .part(4, columns.place, columns.places),
                    _blocks(target, (rows.places, columns.places)),
                )
            )
    return movement((input_shape,), (output_shape,), dtype, copies)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Whole blocks next to each other, or part of one, along an axis.

    Attributes:
        start: its first index in the cropped image.
        block, blocks: the first block, and how many.
        place, places: the first index inside of each block, and how many.
    """

    start: int
    block: int
    blocks: int
    place: int
    places: int

    @property
    def size(self) -> int:
        """Indices in all."""
        return self.blocks * self.places


def _pieces(first: int, count: int, block: int) -> list[_Piece]:
    """The indices from ``first`` on of an axis that is made of blocks: the rest of a block, blocks, part of a block."""
    head = min(count, -first % block)
    blocks, tail = divmod(count - head, block)
    pieces = [
        _Piece(0, first // block, 1, first % block, head),
        _Piece(head, (first + head) // block, blocks, 0, block),
        _Piece(count - tail, (first + count) // block, 1, 0, tail),
    ]
    return [piece for piece in pieces if piece.size]


def _pair(values: Sequence[int], other: int) -> tuple[int, int]:
    """For height and width; ``other`` where there is no width."""
    return values[0], (*values, other)[1]


def _image(shape: Shape) -> Shape:
    """NHWC, of NHC too."""
    return shape if len(shape) == 4 else (*shape[:2], 1, shape[2])


def _blocks(image: View, block: tuple[int, int]) -> View:
    """Batch, rows of blocks, rows of a block, blocks of a row, columns of a block, channels."""
    return image.split(2, block[1]).split(1, block[0])


def _batches(shape: Shape, block: tuple[int, int]) -> View:
    """Rows of a block, columns of a block, batch, rows of blocks, blocks of a row, channels: the batch has them all."""
    batch, rest = divmod(shape[0], block[0] * block[1])
    if rest:
        raise InvalidShape(f"a batch of {shape[0]} is not made of blocks of {list(block)}")
    return View.whole(_image(shape)).split(0, batch).split(0, block[1])


def _check(input_shape: Shape, output_shape: Shape, block_shape: Sequence[int], margins: Sequence[int]) -> None:
    rank = len(input_shape)
    if rank not in (3, 4):
        raise ValueError(f"an input of rank {rank}, where 3 or 4 is wanted")
    if len(output_shape) != rank or len(block_shape) != rank - 2 or len(margins) != 2 * (rank - 2):
        raise InvalidShape(
            f"an input of rank {rank}, an output of rank {len(output_shape)}, {len(block_shape)} block sizes and "
            f"{len(margins)} margins do not belong together"
        )
    if min(block_shape) < 1:
        raise InvalidShape(f"a block of {list(block_shape)} elements")
