"""Tensors that broadcast against each other, as rows along which each runs or stands still: see ``broadcast.h``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.strided import broadcast_axes
from ember_infer_core.slots import Shape
from ember_infer_firmware.step import Value

if TYPE_CHECKING:
    from ember_infer_firmware.context import Context

__all__ = ["broadcast_rows", "is_one_row"]

_AXES = 5  # EMBER_AXES of broadcast.h


def is_one_row(shapes: Sequence[Shape], output_shape: Shape) -> bool:
    """Whether nothing broadcasts."""
    return all(element_count(shape) == element_count(output_shape) for shape in shapes)


def broadcast_rows(context: Context, shapes: Sequence[Shape], output_shape: Shape) -> dict[str, Value]:
    """The fields ``count`` and ``rows``.

    Raises:
        KernelError: there are too many axes.
    """
    axes = broadcast_axes(shapes, output_shape)
    count, *runs = axes.pop() if axes else (1, *(1 for _ in shapes))
    if len(axes) > _AXES:
        raise KernelError(f"shapes {list(map(list, shapes))} broadcast along more than {_AXES + 1} axes")
    rows = [*runs, len(axes)]
    behind = [0] * len(shapes)  # how far each input is by the end of the faster axes
    for size, *steps in reversed(axes):
        rows += [size, *(step - passed for step, passed in zip(steps, behind, strict=True))]
        behind = [passed + (size - 1) * step for step, passed in zip(steps, behind, strict=True)]
    return {"count": count, "rows": context.constant("rows", np.array(rows, np.int32))}
