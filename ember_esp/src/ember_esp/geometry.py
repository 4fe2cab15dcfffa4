"""The sizes on which ESP-NN decides: which kernel runs, how much scratch it takes, which fault it meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ember_infer_core import Conv2dParams, DepthwiseConv2dParams

    Shape4 = tuple[int, int, int, int]

__all__ = ["Geometry", "round_up"]


def round_up(value: int, multiple: int) -> int:
    """The next multiple of ``multiple``, ``value`` itself included."""
    return -(-value // multiple) * multiple


@dataclass(frozen=True, slots=True)
class Geometry:
    """One image of a convolution, as ESP-NN's functions see it; ``pad_h`` is above the image, ``pad_w`` to the left."""

    height: int
    width: int
    channels: int
    filter_height: int
    filter_width: int
    output_height: int
    output_width: int
    output_channels: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int

    @classmethod
    def of(cls, params: Conv2dParams | DepthwiseConv2dParams) -> Geometry:
        """The sizes of a call."""
        sizes = _sizes(params.input_shape, params.weights_shape, params.output_shape)
        return cls(*sizes, params.stride_h, params.stride_w, params.pad_h, params.pad_w)

    @classmethod
    def inferred(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> Geometry:
        """The sizes that three shapes lead to: strides and paddings are guessed as the Rust backend guesses them."""
        sizes = _sizes(input_shape, weights_shape, output_shape)
        (_, height, width, _), (_, filter_height, filter_width, _) = input_shape, weights_shape
        _, output_height, output_width, _ = output_shape
        stride_h = _inferred_stride(height, filter_height, output_height)
        stride_w = _inferred_stride(width, filter_width, output_width)
        pad_h = max(0, (output_height - 1) * stride_h + filter_height - height) // 2
        pad_w = max(0, (output_width - 1) * stride_w + filter_width - width) // 2
        return cls(*sizes, stride_h, stride_w, pad_h, pad_w)

    @property
    def pixels(self) -> int:
        """Pixels of the input image."""
        return self.height * self.width

    @property
    def row(self) -> int:
        """Bytes of one row of a filter over all input channels."""
        return self.filter_width * self.channels

    @property
    def window(self) -> int:
        """Bytes of a filter over all input channels."""
        return self.filter_height * self.row

    @property
    def padded(self) -> bool:
        """Whether there is padding above or to the left."""
        return self.pad_h > 0 or self.pad_w > 0

    @property
    def total_padding(self) -> tuple[int, int]:
        """All padding, before and after the image: ``(rows, columns)``."""
        rows = (self.output_height - 1) * self.stride_h + self.filter_height - self.height
        columns = (self.output_width - 1) * self.stride_w + self.filter_width - self.width
        return max(rows, 0), max(columns, 0)

    @property
    def is_3x3(self) -> bool:
        """Whether the filter is 3x3."""
        return self.filter_height == self.filter_width == 3

    @property
    def is_1x1(self) -> bool:
        """Whether the filter is 1x1."""
        return self.filter_height == self.filter_width == 1

    @property
    def is_pointwise(self) -> bool:
        """Whether the filter is 1x1, at stride 1 and without padding: ESP-NN has a kernel of its own for it."""
        return self.is_1x1 and self.stride_h == self.stride_w == 1 and not self.padded

    @property
    def is_im2col(self) -> bool:
        """Whether the ESP32-S3 copies each window together because one row of it would waste the vector unit."""
        return self.row < 16 <= self.window

    @property
    def is_direct(self) -> bool:
        """Whether the ESP32-P4 reads windows where they are: unpadded, in rows of 16 bytes and more."""
        return not self.is_pointwise and not self.padded and self.row >= 16

    @property
    def depth_multiplier(self) -> int:
        """Output channels for each input channel of a depthwise convolution."""
        return self.output_channels // self.channels

    @property
    def end_reach(self) -> tuple[int, int]:
        """How far the outputs would reach beyond the image without padding before it, as ESP-NN reckons it.

        ``(rows, columns)``; a stride too many is counted, and the result may be negative.
        """
        rows = self.output_height * self.stride_h + self.filter_height - 1 - self.height
        columns = self.output_width * self.stride_w + self.filter_width - 1 - self.width
        return rows, columns


def _sizes(
    input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4
) -> tuple[int, int, int, int, int, int, int, int]:
    """The filter's size is in the middle of the weights' shape, in both layouts."""
    return (*input_shape[1:], *weights_shape[1:3], *output_shape[1:])


def _inferred_stride(input_size: int, filter_size: int, output_size: int) -> int:
    """The stride along one axis: that of VALID padding if it fits, or else that of SAME."""
    if output_size <= 1:
        return 1
    same = -(-input_size // output_size)
    valid = max(-(-(input_size - filter_size + 1) // output_size), 1)
    return valid if (output_size - 1) * valid + filter_size <= input_size else same
