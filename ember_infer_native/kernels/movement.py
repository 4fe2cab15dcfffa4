"""Operators that move elements and compute nothing, as steps of ``movement.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import FILL, Kernel, Place, Step, fill

if TYPE_CHECKING:
    from ember_infer_core.ops.movement import MovementParams
    from ember_infer_core.ops.strided import StridedCopy
    from ember_infer_native.kernels.context import Context

__all__ = ["MOVE", "MOVEMENT", "moved"]

_AXES = 8  # MOVED_AXES of movement.h
# The templates are an element's bytes, and whether the elements of the last axis touch.
MOVE = Kernel("move", "movement", "move", 2, tuple((size, touching) for size in (1, 2, 4) for touching in (0, 1)))
_FILL_ELEMENTS = Kernel("fill_elements", "movement", "fill_elements", 1, ((2,), (4,)))


def _plan(
    context: Context, params: MovementParams, inputs: tuple[Place, ...], outputs: tuple[Place, ...]
) -> list[Step]:
    steps = [] if params.fill is None else [_filled(context, output, params.fill) for output in outputs]
    return steps + [moved(copy, inputs[copy.source], outputs[copy.target]) for copy in params.copies]


def _filled(context: Context, output: Place, value: Any) -> Step:
    element = context.kept(np.array(value, output.dtype))
    if (element == element[0]).all():
        return fill(output.first, output.layout.size, int(element[0]))
    width = output.dtype.itemsize
    fields = {"count": output.layout.size // width, "value": int(element.view(f"i{width}")[0])}
    return Step(_FILL_ELEMENTS, (width,), fields, (output.first,))


def moved(copy: StridedCopy, source: Place, target: Place) -> Step:
    """The step that makes a copy between two dense places."""
    width = source.dtype.itemsize
    axes = sorted(
        zip(copy.sizes, copy.source_steps, copy.target_steps, strict=True),
        # Rows that touch are copied at once; what does not touch is better written than read in order.
        key=lambda axis: (axis[1:] == (1, 1), axis[2] == 1),
    )
    if len(axes) > _AXES:
        raise KernelError(f"a copy along {len(axes)} axes; native kernels have {_AXES}")
    touching = not axes or axes[-1][1:] == (1, 1)
    axes = [(1, 0, 0)] * (_AXES - len(axes)) + axes
    sizes, source_steps, target_steps = zip(*axes, strict=True)
    fields = {
        "sizes": sizes,
        "input_steps": tuple(step * width for step in source_steps),
        "output_steps": tuple(step * width for step in target_steps),
    }
    pointers = source.first + copy.source_start * width, target.first + copy.target_start * width
    return Step(MOVE, (width, int(touching)), fields, pointers)


MOVEMENT = NativeOperator(_plan, (MOVE, _FILL_ELEMENTS, FILL))
