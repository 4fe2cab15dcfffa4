"""SELECT_V2 as a step of ``select_v2.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.errors import KernelError
from ember_infer_core.ops.strided import broadcast_axes
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.select_v2 import SelectParams
    from ember_infer_native.kernels.context import Context

__all__ = ["SELECT_V2"]

_AXES = 8  # SELECTED_AXES of select_v2.h
_SELECT = Kernel("select_v2", "select_v2", "select", 4, ((1,), (2,), (4,)))


def _plan(context: Context, params: SelectParams, condition: Place, x: Place, y: Place, output: Place) -> list[Step]:
    axes = broadcast_axes((params.condition_shape, params.x_shape, params.y_shape), params.output_shape)
    if len(axes) > _AXES:
        raise KernelError(f"a choice along {len(axes)} axes; the native kernel has {_AXES}")
    sizes, *steps = zip(*[(1, 0, 0, 0)] * (_AXES - len(axes)), *axes, strict=True)
    fields = dict(zip(("condition_steps", "x_steps", "y_steps"), steps, strict=True))
    pointers = (condition.first, x.first, y.first, output.first)
    return [Step(_SELECT, (output.dtype.itemsize,), {"sizes": sizes, **fields}, pointers)]


SELECT_V2 = NativeOperator(_plan, (_SELECT,))
