"""SELECT_V2 as a step of ``select_v2.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.errors import KernelError
from ember_infer_core.ops.strided import View
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.select_v2 import SelectParams
    from ember_infer_native.kernels.context import Context

__all__ = ["SELECT_V2"]

_AXES = 8  # SELECTED_AXES of select_v2.h
_SELECT = Kernel("select_v2", "select_v2", "select", 4, ((1,), (2,), (4,)))


def _plan(context: Context, params: SelectParams, condition: Place, x: Place, y: Place, output: Place) -> list[Step]:
    axes = _axes(params)
    if len(axes) > _AXES:
        raise KernelError(f"a choice along {len(axes)} axes; the native kernel has {_AXES}")
    sizes, *steps = zip(*[(1, 0, 0, 0)] * (_AXES - len(axes)), *axes, strict=True)
    fields = dict(zip(("condition_steps", "x_steps", "y_steps"), steps, strict=True))
    pointers = (condition.first, x.first, y.first, output.first)
    return [Step(_SELECT, (output.dtype.itemsize,), {"sizes": sizes, **fields}, pointers)]


def _axes(params: SelectParams) -> list[tuple[int, int, int, int]]:
    """Size and steps of condition, x and y along each axis; axes that can be one are one."""
    shape = params.output_shape
    steps = [View.whole(one).broadcast(shape).steps for one in (params.condition_shape, params.x_shape, params.y_shape)]
    merged: list[tuple[int, int, int, int]] = []
    for size, *inner in zip(shape, *steps, strict=True):
        if size == 1:
            continue
        if merged and list(merged[-1][1:]) == [step * size for step in inner]:
            size *= merged.pop()[0]
        merged.append((size, *inner))
    return merged


SELECT_V2 = NativeOperator(_plan, (_SELECT,))
