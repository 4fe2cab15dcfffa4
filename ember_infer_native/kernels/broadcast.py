"""Tensors that broadcast against each other, as rows along which each runs or stands still: see ``broadcast.h``."""

from __future__ import annotations

from ember_infer_core.errors import KernelError
from ember_infer_core.ops.strided import Axis, broadcast_axes, merged_axes
from ember_infer_core.slots import Shape
from ember_infer_native.plan import Fields, Place

__all__ = ["broadcast_rows", "rows_take_borders"]

_DIMENSIONS = 32  # MAX_DIMENSIONS of broadcast.h


def rows_take_borders(*shapes: Shape) -> bool:
    """Whether tensors of these shapes can be met row by row: they are images of one size."""
    return len(set(shapes)) == 1 and len(shapes[0]) == 4


def broadcast_rows(shapes: tuple[Shape, Shape, Shape], places: tuple[Place, Place, Place]) -> Fields:
    """Two inputs and the output that they broadcast to, as the first fields of a kernel's struct.

    Args:
        shapes: of the three tensors.
        places: all dense, unless the shapes are those of images of one size.

    Raises:
        KernelError: there are too many axes.
    """
    axes = merged_axes(_image_axes(places)) if rows_take_borders(*shapes) else _dense_axes(shapes, places)
    columns, *steps = axes.pop() if axes else (1, 1, 1, 1)
    if len(axes) > _DIMENSIONS:
        raise KernelError(f"an output of shape {shapes[2]} is too large for this backend")
    sizes, steps1, steps2, output_steps = zip(*axes, *[(1, 0, 0, 0)] * (_DIMENSIONS - len(axes)), strict=True)
    return {
        "columns": columns,
        "run1": int(steps[0] > 0),
        "run2": int(steps[1] > 0),
        "axes": len(axes),
        "sizes": sizes,
        "steps1": steps1,
        "steps2": steps2,
        "output_steps": output_steps,
    }


def _image_axes(places: tuple[Place, Place, Place]) -> list[Axis]:
    layouts = [place.layout for place in places]
    output, width = layouts[2], places[2].dtype.itemsize  # steps are in bytes
    columns = output.columns * output.channels // width
    return [
        (output.images, *(layout.image for layout in layouts)),
        (output.rows, *(layout.row for layout in layouts)),
        (columns, *(place.dtype.itemsize for place in places)),
    ]


def _dense_axes(shapes: tuple[Shape, Shape, Shape], places: tuple[Place, Place, Place]) -> list[Axis]:
    widths = [place.dtype.itemsize for place in places]
    return [
        (size, *(step * width for step, width in zip(steps, widths, strict=True)))
        for size, *steps in broadcast_axes(shapes, shapes[2])
    ]
