"""Sliding windows without windows: an image laid out so that each tap of a kernel is one contiguous slice.

A window that moves in strides of s meets, with each of its taps, only every s-th row and column. So the padded image is
dealt out to planes: one for each phase (row modulo stride, column modulo stride) that a tap can meet. Within its plane
a tap moves by single pixels, and since moving down is moving a whole row of the plane along, every tap sees
``positions`` consecutive pixels: the whole image at once. Positions that run over the edge of the output yield numbers
nobody wants; they are few, and left out when the result is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from ember_infer_core.slots import Int8Array

if TYPE_CHECKING:
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.ops.pool import PoolParams

__all__ = ["Axis", "Planes", "Run", "Window", "convolution_window", "pooling_window"]


@dataclass(frozen=True, slots=True)
class Run:
    """Taps that meet the same plane, evenly spaced: ``start``, ``start + step``, ... from the first position on."""

    plane: int
    taps: tuple[int, ...]
    start: int
    step: int


@dataclass(frozen=True)
class Axis:
    """A window's way along one axis: tap ``i`` of output ``o`` falls on element ``o * stride + i * dilation - pad``."""

    input_size: int
    output_size: int
    taps: int
    stride: int
    dilation: int
    pad: int

    @cached_property
    def phases(self) -> tuple[int, ...]:
        """The phases that some tap meets, in order."""
        return tuple(sorted({tap * self.dilation % self.stride for tap in range(self.taps)}))

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The taps, plane by plane."""
        runs = []
        for plane, phase in enumerate(self.phases):
            taps = tuple(tap for tap in range(self.taps) if tap * self.dilation % self.stride == phase)
            starts = [tap * self.dilation // self.stride for tap in taps[:2]]
            runs.append(Run(plane, taps, starts[0], starts[-1] - starts[0]))
        return tuple(runs)

    @property
    def plane_size(self) -> int:
        """Length of a plane along this axis: enough for the last output's last tap."""
        return self.output_size + (self.taps - 1) * self.dilation // self.stride

    @property
    def reach(self) -> slice:
        """The taps that some output may bring into the image; where there is none, the first tap."""
        last_start = (self.output_size - 1) * self.stride - self.pad
        first = max(0, -(last_start // self.dilation))
        end = min(self.taps, (self.input_size - 1 + self.pad) // self.dilation + 1)
        return slice(first, end) if first < end else slice(1)

    def cut(self, taps: slice) -> Axis:
        """The same way for some of the taps alone, without a step."""
        first, end, _ = taps.indices(self.taps)
        return replace(self, taps=end - first, pad=self.pad - first * self.dilation)

    def place(self, tap: int) -> tuple[int, int]:
        """Which of the phases' planes a tap meets, and how far along."""
        shift, phase = divmod(tap * self.dilation, self.stride)
        return self.phases.index(phase), shift

    def span(self, phase: int) -> tuple[slice, slice]:
        """The input's elements of one phase, and their place in the plane; both may be empty."""
        start = max(0, -((phase - self.pad) // self.stride))
        first = start * self.stride + phase - self.pad
        count = max(0, min(self.plane_size - start, -(-(self.input_size - first) // self.stride)))
        return slice(first, first + count * self.stride, self.stride), slice(start, start + count)


@dataclass(frozen=True, slots=True)
class Window:
    """A window over a batch of images."""

    batches: int
    rows: Axis
    columns: Axis

    @property
    def plane_pixels(self) -> int:
        """Pixels of a plane, all images of the batch."""
        return self.batches * self.rows.plane_size * self.columns.plane_size

    @property
    def positions(self) -> int:
        """Consecutive pixels of a plane that each tap sees, from the first output's to the last one's."""
        rows = (self.batches - 1) * self.rows.plane_size + self.rows.output_size
        return (rows - 1) * self.columns.plane_size + self.columns.output_size

    def cells(self, positions: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Of an array ``(positions or more, C)``, the view of those that are outputs: ``(N, OH, OW * C)`` or flat."""
        channels = positions.shape[1]
        height, width = self.rows.output_size, self.columns.output_size
        if self.batches * height * width == self.positions:
            return positions[: self.positions].reshape(-1)
        pixel = positions.strides[0]
        row = self.columns.plane_size * pixel
        shape = (self.batches, height, width * channels)
        return as_strided(positions, shape, (self.rows.plane_size * row, row, positions.itemsize))


def convolution_window(params: Conv2dParams | DepthwiseConv2dParams) -> tuple[Window, slice, slice]:
    """The window of a convolution, and the rows and columns of the kernel that it is about.

    The other taps see nothing but padding, which adds nothing to a sum; a model can place them, by dilation, so far
    outside that planes would not fit into memory. The kernel's size is in the middle of the weights' shape, in both
    layouts.
    """
    batches, height, width, _ = params.input_shape
    _, output_height, output_width, _ = params.output_shape
    _, kernel_height, kernel_width, _ = params.weights_shape
    rows = Axis(height, output_height, kernel_height, params.stride_h, params.dilation_h_factor, params.pad_h)
    columns = Axis(width, output_width, kernel_width, params.stride_w, params.dilation_w_factor, params.pad_w)
    return Window(batches, rows.cut(rows.reach), columns.cut(columns.reach)), rows.reach, columns.reach


def pooling_window(params: PoolParams) -> Window:
    """The window of a pooling operator, without the taps that see nothing but padding."""
    batches, height, width, _ = params.input_shape
    _, output_height, output_width, _ = params.output_shape
    rows = Axis(height, output_height, params.filter_height, params.stride_h, 1, params.pad_h)
    columns = Axis(width, output_width, params.filter_width, params.stride_w, 1, params.pad_w)
    return Window(batches, rows.cut(rows.reach), columns.cut(columns.reach))


class Planes:
    """The planes of one input, in memory of their own.

    Args:
        window: how they will be looked at.
        source: the int8 input, ``(N, H, W, C)``; each :meth:`load` reads it anew.
        dtype: of the planes.
        padding: the value outside the image.
        repeat: how often each channel appears, one copy beside the other.
        planar: lay each channel out by itself: planes are ``(C, pixels)`` instead of ``(pixels, C)``.
        spare: pixels beyond ``window.positions`` that taps reach, of no meaning.

    Attributes:
        data: the planes, ``(row phases, column phases, pixels, C)``, or the last two exchanged.
    """

    __slots__ = ("_copies", "_planar", "_positions", "_window", "data")

    def __init__(
        self,
        window: Window,
        source: Int8Array,
        dtype: npt.DTypeLike,
        padding: int,
        *,
        repeat: int = 1,
        planar: bool = False,
        spare: int = 0,
    ) -> None:
        channels = source.shape[3] * repeat
        pixels = window.plane_pixels
        phases = (len(window.rows.phases), len(window.columns.phases))
        plane = (channels, pixels + spare) if planar else (pixels + spare, channels)
        self.data: npt.NDArray[Any] = np.full((*phases, *plane), padding, dtype)
        self._window = window
        self._planar = planar
        self._positions = window.positions + spare
        self._copies = list(self._copy_pairs(source, repeat))

    def _copy_pairs(self, source: Int8Array, repeat: int) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        """For each plane, the part that holds the image and the pixels that belong there, as five-dimensional views."""
        window = self._window
        sizes = (window.batches, window.rows.plane_size, window.columns.plane_size)
        for i, row_phase in enumerate(window.rows.phases):
            from_rows, to_rows = window.rows.span(row_phase)
            for j, column_phase in enumerate(window.columns.phases):
                from_columns, to_columns = window.columns.span(column_phase)
                plane = self.data[i, j]
                pixels = plane.T if self._planar else plane
                image = pixels[: window.plane_pixels].reshape(*sizes, source.shape[3], repeat)
                yield image[:, to_rows, to_columns], source[:, from_rows, from_columns, :, None]

    def load(self) -> None:
        """Reads the input into the planes."""
        for target, source in self._copies:
            np.copyto(target, source)

    def tap(self, row_tap: int, column_tap: int) -> npt.NDArray[Any]:
        """What one tap sees, output after output: ``(positions + spare, C)``, or the other way round where planar."""
        i, down = self._window.rows.place(row_tap)
        j, right = self._window.columns.place(column_tap)
        start = down * self._window.columns.plane_size + right
        seen = slice(start, start + self._positions)
        plane: npt.NDArray[Any] = self.data[i, j]
        return plane[:, seen] if self._planar else plane[seen]

    def taps(self, rows: Run, columns: Run) -> npt.NDArray[Any]:
        """What the taps of two runs see: ``(row taps, column taps)`` views like those of :meth:`tap`."""
        first = self.tap(rows.taps[0], columns.taps[0])
        pixel = first.strides[1 if self._planar else 0]
        down = rows.step * self._window.columns.plane_size * pixel
        shape = (len(rows.taps), len(columns.taps), *first.shape)
        return as_strided(first, shape, (down, columns.step * pixel, *first.strides))
