"""Operators that move elements and compute nothing, as calls of ``movement.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_firmware.kernels.walk import walk
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.movement import MovementParams
    from ember_infer_core.ops.strided import StridedCopy
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_FILL = Kernel("fill", "movement", 1)
_MOVE_RUN = Kernel("move_run", "movement", 2)
_MOVE = Kernel("move", "movement", 2)
KERNELS = (_FILL, _MOVE_RUN, _MOVE)


def plan(context: Context, params: MovementParams, inputs: tuple[Place, ...], outputs: tuple[Place, ...]) -> list[Step]:
    """What fills the outputs, then the copies."""
    filled = [] if params.fill is None else [output for output in outputs if element_count(output.shape)]
    steps = [_filled(context, output, params.fill) for output in filled]
    return steps + [_moved(context, copy, inputs[copy.source], outputs[copy.target]) for copy in params.copies]


def _filled(context: Context, output: Place, value: int | None) -> Step:
    """Every element the same: by bytes where those are the same, otherwise as one element that is copied everywhere."""
    element = np.array([value], output.dtype)
    count, width = element_count(output.shape), output.dtype.itemsize
    content = element.tobytes()
    if len(set(content)) == 1:
        return Step(_FILL, {"bytes": count * width, "value": content[0]}, (output,))
    source = Place("constant", (1,), output.dtype, constant=context.constant("fill", element))
    return Step(_MOVE, _move_fields(context, [(count, 0, width)], width, 0, 0), (source, output))


def _moved(context: Context, copy: StridedCopy, source: Place, target: Place) -> Step:
    width = source.dtype.itemsize
    start, end = copy.source_start * width, copy.target_start * width
    axes = list(zip(copy.sizes, copy.source_steps, copy.target_steps, strict=True))
    if not axes or axes == [(copy.count, 1, 1)]:
        return Step(_MOVE_RUN, {"from": start, "to": end, "bytes": copy.count * width}, (source, target))
    touching = [axis for axis in axes if axis[1:] == (1, 1)]
    others = [(size, width * step, width * to) for size, step, to in axes if (step, to) != (1, 1)]
    run = width * (touching[0][0] if touching else 1)
    return Step(_MOVE, _move_fields(context, others, run, start, end), (source, target))


def _move_fields(
    context: Context, axes: list[tuple[int, int, int]], run: int, start: int, end: int
) -> dict[str, Value]:
    """The longest axis is the innermost, whose steps are the quickest."""
    *outer, (count, from_step, to_step) = sorted(axes)
    listed, axes_count, places = walk(context, "axes", outer)
    return {
        "axes": listed,
        "axes_count": axes_count,
        "places": places,
        "count": count,
        "from_step": from_step,
        "to_step": to_step,
        "run": run,
        "from": start,
        "to": end,
    }
