"""What operators have in common beside their buffers: padding, the size of a shape, and shapes that must be equal."""

from __future__ import annotations

import enum
import math

from ember_infer_core.errors import InvalidShape
from ember_infer_core.slots import Shape

__all__ = ["Padding", "check_same_shape", "compute_padding", "element_count"]


class Padding(enum.Enum):
    """Padding schemes, with the values of the TensorFlow Lite schema."""

    SAME = 0
    VALID = 1


def compute_padding(
    padding: Padding, input_size: int, filter_size: int, stride: int, dilation: int = 1
) -> tuple[int, int]:
    """``(output size, padding before)`` along one axis. Source: TFLM ``ComputePaddingHeightWidth``.

    A SAME padding that is odd in total has its larger half after the image.
    """
    effective = (filter_size - 1) * dilation + 1
    if padding is Padding.SAME:
        output_size = -(-input_size // stride)
    else:
        output_size = (input_size + stride - effective) // stride
    return output_size, max(0, (output_size - 1) * stride + effective - input_size) // 2


def element_count(shape: Shape) -> int:
    """Number of elements in a tensor of this shape (1 for a scalar)."""
    return math.prod(shape)


def check_same_shape(input_shape: Shape, output_shape: Shape) -> None:
    """Checks that what goes in and what comes out have one shape.

    Raises:
        InvalidShape: they have not.
    """
    if input_shape != output_shape:
        raise InvalidShape(f"shapes {list(input_shape)} and {list(output_shape)} must be equal")
