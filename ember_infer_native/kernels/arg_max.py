"""ARG_MAX and ARG_MIN as steps of ``arg_max.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.ops.common import element_count
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.arg_max import ArgMaxParams
    from ember_infer_core.slots import Shape
    from ember_infer_native.kernels.context import Context

__all__ = ["ARG_MAX", "ARG_MIN", "around_axis"]

# The template says whether the least element is looked for.
_KERNELS = {dtype: Kernel(f"arg_max_{dtype}", "arg_max", "arg_max", 2, ((0,), (1,))) for dtype in ("int8", "float32")}


def around_axis(shape: Shape, axis: int) -> dict[str, int]:
    """How many elements the axes before one have, that one, and those behind it: ``outer``, ``count``, ``inner``."""
    return {
        "outer": element_count(shape[:axis]),
        "count": shape[axis],
        "inner": element_count(shape[axis + 1 :]),
    }


def _operator(name: str, least: bool) -> NativeOperator:
    def plan(context: Context, params: ArgMaxParams, input: Place, output: Place) -> list[Step]:
        kernel = _KERNELS.get(params.dtype.name)
        if kernel is None:
            raise UnsupportedOperator(f"{name}: no native kernel computes it of {params.dtype}")
        fields = around_axis(params.input_shape, params.axis)
        return [Step(kernel, (int(least),), fields, (input.first, output.first))]

    return NativeOperator(plan, tuple(_KERNELS.values()), work=lambda params: element_count(params.input_shape))


ARG_MAX = _operator("arg_max", least=False)
ARG_MIN = _operator("arg_min", least=True)
