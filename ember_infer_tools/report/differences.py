"""Where in a tensor two sides differ: gathered while they are compared, and made small enough to be drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ember_infer_core.slots import AnyArray, Shape
from ember_infer_tools.compare.difference import signed_steps

__all__ = ["LEVELS", "DifferenceMap", "Differences"]

# The least difference of each shade; of float32 in units in the last place.
LEVELS = (1, 2, 4, 16, 64)
# Cells of one map, and of all maps of a report together: a page stays small, however much differs.
_MOST_CELLS = 64 * 64
_LEAST_CELLS = 10 * 10
_ALL_CELLS = 40_000
_MOST_MAPS = _ALL_CELLS // _LEAST_CELLS
_MOST_CHANNELS = 64


@dataclass(frozen=True, slots=True)
class DifferenceMap:
    """A tensor's elements, as a picture of rows.

    Attributes:
        shape: of the tensor.
        cells: a shade for each cell: 0 where all is equal, else how many of :data:`LEVELS` the largest difference
            reaches.
        tile: rows and columns of one channel's picture, where channels stand beside and below each other in ``cells``;
            None where a cell stands for all channels.
        per_cell: how many rows and columns of the tensor a cell stands for.
        channels: how many elements differ in each channel, or in each group of ``per_channel`` of them.
        per_channel: see ``channels``.
    """

    shape: Shape
    cells: tuple[tuple[int, ...], ...]
    tile: tuple[int, int] | None
    per_cell: tuple[int, int]
    channels: tuple[int, ...]
    per_channel: int


class Differences:
    """The greatest difference of every element of every layer that differs, over all samples; and how often each
    channel has one. To be told of each pair that is compared. Of more layers than can be drawn it keeps the first that
    differ, and nothing of the others.
    """

    def __init__(self) -> None:
        self._largest: dict[int, npt.NDArray[np.int64]] = {}
        self._count: dict[int, npt.NDArray[np.int64]] = {}

    def add(self, tensor: int, a: AnyArray, b: AnyArray) -> None:
        """Notes a tensor of one sample."""
        if tensor not in self._largest and len(self._largest) == _MOST_MAPS:
            return
        found = np.abs(signed_steps(a, b.reshape(a.shape)))
        if not found.any():
            return
        if tensor in self._largest:
            np.maximum(self._largest[tensor], found, out=self._largest[tensor])
            self._count[tensor] += found != 0
        else:
            self._largest[tensor] = found
            self._count[tensor] = (found != 0).astype(np.int64)

    def maps(self) -> Mapping[int, DifferenceMap]:
        """A map of each tensor that differs; coarser ones where there are many."""
        each = min(_ALL_CELLS // max(len(self._largest), 1), _MOST_CELLS)
        return {index: difference_map(largest, self._count[index], each) for index, largest in self._largest.items()}


def difference_map(largest: npt.NDArray[np.int64], count: npt.NDArray[np.int64], most: int) -> DifferenceMap:
    """A picture of at most so many cells.

    Args:
        largest: the greatest difference of each element.
        count: in how many samples it differs.
        most: cells.
    """
    shape = largest.shape
    height, width, depth = _as_image(shape)
    image = largest.reshape(height, width, depth)
    tile = None
    per_cell = (1, 1)
    if height == width == 1:  # nothing but channels: rows of them
        columns = min(depth, math.isqrt(most))
        rows = -(-depth // columns)
        flat = np.zeros(rows * columns, np.int64)
        flat[:depth] = image.reshape(-1)
        picture, per_cell = _coarser(flat.reshape(rows, columns), most)
    elif height * width * depth <= most and depth > 1:
        tile = (height, width)
        tiles = _across(depth, height / width)
        rows = -(-depth // tiles)
        padded = np.zeros((height, width, rows * tiles), np.int64)
        padded[..., :depth] = image
        picture = padded.reshape(height, width, rows, tiles).transpose(2, 0, 3, 1).reshape(rows * height, tiles * width)
    else:
        picture, per_cell = _coarser(image.max(axis=2), most)
    per_channel = -(-depth // _MOST_CHANNELS)
    channels = count.reshape(-1, depth).sum(axis=0)
    grouped = np.add.reduceat(channels, np.arange(0, depth, per_channel))
    shades = np.searchsorted(LEVELS, picture, side="right")
    return DifferenceMap(
        shape=shape,
        cells=tuple(map(tuple, shades.tolist())),
        tile=tile,
        per_cell=per_cell,
        channels=tuple(grouped.tolist()),
        per_channel=per_channel,
    )


def _across(depth: int, tallness: float) -> int:
    """How many tiles stand beside each other, so that all of them are about a square: if possible without a rest, which
    would look like channels without differences.
    """
    ideal = min(max(math.sqrt(depth * tallness), 1.0), float(depth))
    whole = [count for count in range(1, depth + 1) if depth % count == 0 and ideal / 2 <= count <= ideal * 2]
    return min(whole, key=lambda count: abs(math.log(count / ideal)), default=round(ideal))


def _as_image(shape: Shape) -> tuple[int, int, int]:
    """Rows, columns and channels; images of a batch stand below each other."""
    if not shape:
        return 1, 1, 1
    if len(shape) == 1:
        return 1, 1, shape[0]
    if len(shape) == 2:
        return (1, 1, shape[1]) if shape[0] == 1 else (*shape, 1)
    return math.prod(shape[:-2]), shape[-2], shape[-1]


def _coarser(picture: npt.NDArray[np.int64], most: int) -> tuple[npt.NDArray[np.int64], tuple[int, int]]:
    """The greatest of each block, of the smallest blocks that leave at most so many cells."""
    height, width = picture.shape
    side = math.isqrt(most)
    if height * width <= most and max(height, width) <= 4 * side:
        return picture, (1, 1)
    down, across = -(-height // side), -(-width // side)
    taller = np.maximum.reduceat(picture, np.arange(0, height, down), axis=0)
    return np.maximum.reduceat(taller, np.arange(0, width, across), axis=1), (down, across)
