"""What operators have in common beside their buffers: the size of a shape, and shapes that must be equal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ember_infer_core.errors import InvalidShape
from ember_infer_core.slots import Shape

__all__ = ["beginning", "check_same_shape", "element_count"]

_SHOWN_NUMBERS = 8


def beginning(numbers: Sequence[int]) -> str:
    """A list of numbers from a file for messages: the first of them, and how many there are if those are not all."""
    if len(numbers) <= _SHOWN_NUMBERS:
        return str(list(numbers))
    return f"[{', '.join(map(str, numbers[:_SHOWN_NUMBERS]))}, ... {len(numbers)} in all]"


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
