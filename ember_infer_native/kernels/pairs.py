"""What ADD and MUL share: equal shapes as rows, anything else broadcast, by a table of all pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import KernelError
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import Int8Array, Shape
from ember_infer_core.staircase import Int64Array
from ember_infer_native.plan import Place, Pointer, Step

if TYPE_CHECKING:
    from ember_infer_native.kernels.context import Context

__all__ = ["PairFunction", "pair_table", "plan_broadcast", "plan_rows"]

PairFunction: TypeAlias = Callable[[Int64Array, Int64Array], Int8Array]

_DIMENSIONS = 32  # MAX_DIMENSIONS of elementwise.h


def pair_table(context: Context, function: PairFunction) -> npt.NDArray[np.uint8]:
    """What memory holds for the function of every two bytes that it may hold: ``(256, 256)``."""
    flip = np.uint8(context.target.bias)
    values = (np.arange(256, dtype=np.uint8) ^ flip).view(np.int8).astype(np.int64)
    table: npt.NDArray[np.uint8] = function(values[:, None], values).view(np.uint8) ^ flip
    return table


def plan_rows(
    kernel: str, fields: dict[str, int], input1: Place, input2: Place, output: Place, *constants: Pointer
) -> list[Step]:
    """Steps over tensors of one shape, whatever their layouts: one for each image."""
    layout = output.layout
    columns, rows, images = layout.columns * layout.channels, layout.rows, layout.images
    if input1.layout.dense and input2.layout.dense and layout.dense:
        columns, rows, images = columns * rows * images, 1, 1
    rows_of = {
        "rows": rows,
        "columns": columns,
        "input1_row": input1.layout.row,
        "input2_row": input2.layout.row,
        "output_row": layout.row,
    }
    return [
        Step(
            kernel,
            "elementwise",
            (),
            {**rows_of, **fields},
            (
                input1.first + image * input1.layout.image,
                input2.first + image * input2.layout.image,
                output.first + image * layout.image,
                *constants,
            ),
        )
        for image in range(images)
    ]


def plan_broadcast(
    context: Context, table: npt.NDArray[np.uint8], shapes: tuple[Shape, Shape, Shape], places: tuple[Place, ...]
) -> list[Step]:
    """The step for two inputs of ``shapes`` broadcast to the third, all dense."""
    input1, input2, output = places
    sizes, steps1, steps2 = _axes(*shapes)
    fields = {"sizes": sizes, "steps1": steps1, "steps2": steps2}
    constants = context.constants.add(table.tobytes())
    return [Step("broadcast_pairs", "broadcast", (), fields, (input1.first, input2.first, output.first, constants))]


def _axes(shape1: Shape, shape2: Shape, output: Shape) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Sizes, and each input's steps, 0 where it repeats; neighbouring axes that behave alike are one."""
    axes: list[tuple[int, int, int]] = []
    padded1 = (1,) * (len(output) - len(shape1)) + shape1
    padded2 = (1,) * (len(output) - len(shape2)) + shape2
    for axis, size in enumerate(output):
        if size == 1:
            continue
        step1 = element_count(padded1[axis + 1 :]) if padded1[axis] > 1 else 0
        step2 = element_count(padded2[axis + 1 :]) if padded2[axis] > 1 else 0
        if axes and axes[-1][1] == step1 * size and axes[-1][2] == step2 * size:
            axes[-1] = axes[-1][0] * size, step1, step2
        else:
            axes.append((size, step1, step2))
    if len(axes) > _DIMENSIONS:
        raise KernelError(f"an output of shape {output} is too large for this backend")
    filled = [(1, 0, 0)] * (_DIMENSIONS - len(axes)) + axes
    sizes, steps1, steps2 = zip(*filled, strict=True)
    return sizes, steps1, steps2
