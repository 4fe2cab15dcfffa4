"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_ALL as calls of ``reduction.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.reduction import merged
from ember_infer_firmware.kernels.walk import walk
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.mean import MeanParams
    from ember_infer_core.ops.reduction import ReductionParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan_greatest", "plan_least", "plan_mean"]

_MEANS = {
    "int8": Kernel("mean_int8", "reduction", 2, struct="mean"),
    "int16": Kernel("mean_int16", "reduction", 2, struct="mean"),
    "float32": Kernel("mean_float32", "reduction", 2),
}
_INT8 = Kernel("reduce_int8", "reduction", 2)
_FLOAT32 = Kernel("reduce_float32", "reduction", 2)
KERNELS = (*_MEANS.values(), _INT8, _FLOAT32)


def plan_mean(context: Context, params: MeanParams, input: Place, output: Place) -> list[Step]:
    """MEAN and SUM, which differ in the multiplier or divisor alone."""
    kernel = _MEANS.get(params.dtype.name)
    if kernel is None:
        raise UnsupportedOperator(f"no kernel computes a mean of {params.dtype}")
    scaling: dict[str, Value]
    if params.dtype == np.float32:
        scaling = {"divisor": float(params.divisor)}
    else:
        scaling = {
            "offset": int(wrap_int32(np.array(params.input_offset * params.count))),
            "multiplier": params.output_multiplier,
            "shift": params.output_shift,
            "output_offset": params.output_offset,
        }
    return [Step(kernel, _axes(context, params) | scaling, (input, output))]


def plan_greatest(context: Context, params: ReductionParams, input: Place, output: Place) -> list[Step]:
    """REDUCE_MAX."""
    return [_reduced(context, params, input, output, least=False)]


def plan_least(context: Context, params: ReductionParams, input: Place, output: Place) -> list[Step]:
    """REDUCE_MIN, and REDUCE_ALL: the least of bytes of 0 and 1."""
    return [_reduced(context, params, input, output, least=True)]


def _reduced(context: Context, params: ReductionParams, input: Place, output: Place, *, least: bool) -> Step:
    axes = _axes(context, params)
    if params.dtype == np.float32:
        return Step(_FLOAT32, axes | {"sign": -1.0 if least else 1.0}, (input, output))
    if params.dtype.itemsize != 1:
        raise UnsupportedOperator(f"no kernel computes this reduction of {params.dtype}")
    return Step(_INT8, axes | {"flip": -1 if least else 0}, (input, output))


def _axes(context: Context, params: ReductionParams) -> dict[str, Value]:
    """The fields of ``struct ember_reduction``, which is a kernel struct's field ``axes``."""
    sizes, reduced = merged(params.input_shape, params.axes)
    axes = [(size, element_count(sizes[axis + 1 :])) for axis, size in enumerate(sizes)]
    *runs, (count, step) = [axes[axis] for axis in reduced] or [(1, 0)]
    kept, kept_axes, results = walk(context, "kept", [axis for i, axis in enumerate(axes) if i not in reduced])
    listed, reduced_axes, places = walk(context, "reduced", runs)
    return {
        "axes.kept": kept,
        "axes.reduced": listed,
        "axes.kept_axes": kept_axes,
        "axes.reduced_axes": reduced_axes,
        "axes.results": results,
        "axes.runs": places,
        "axes.count": count,
        "axes.step": step,
    }
