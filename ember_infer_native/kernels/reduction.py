"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_ALL as steps of ``reduction.h``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import KernelError, UnsupportedOperator
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.mean import MeanParams
from ember_infer_core.ops.reduction import merged
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.reduction import ReductionParams
    from ember_infer_core.slots import Shape
    from ember_infer_native.kernels.context import Context

__all__ = ["MEAN", "REDUCE_ALL", "REDUCE_MAX", "REDUCE_MIN"]

_AXES = 8  # REDUCED_AXES of reduction.h
_ROWS = ((0,), (1,))
_NOT_OF_SUMS = dict.fromkeys(("offset", "multiplier", "shift", "zero", "low", "high"), 0) | {"divisor": 1}


def _operator(functions: Mapping[str, str]) -> NativeOperator:
    """The operator that has a C function for each of these types."""
    kernels = {dtype: Kernel(name, "reduction", "reduction", 2, _ROWS) for dtype, name in functions.items()}

    def plan(context: Context, params: ReductionParams, input: Place, output: Place) -> list[Step]:
        kernel = kernels.get(params.dtype.name)
        if kernel is None:
            raise UnsupportedOperator(f"no native kernel computes this reduction of {params.dtype}")
        axes, rows = _axes(params)
        scaling = _scaling(params) if isinstance(params, MeanParams) else {}
        return [Step(kernel, (rows,), axes | _NOT_OF_SUMS | scaling, (input.first, output.first))]

    return NativeOperator(plan, tuple(kernels.values()), work=_work)


def _axes(params: ReductionParams) -> tuple[dict[str, tuple[int, ...]], int]:
    """Sizes and steps of kept and reduced axes, and whether the last kept one, not the last reduced one, touches."""
    sizes, reduced = merged(params.input_shape, params.axes)
    if len(sizes) > _AXES:
        raise KernelError(f"a reduction of {len(sizes)} groups of axes; native kernels have {_AXES}")
    steps = [element_count(sizes[axis + 1 :]) for axis in range(len(sizes))]
    fields: dict[str, tuple[int, ...]] = {}
    for name, of in (("reduced", reduced), ("kept", tuple(set(range(len(sizes))) - set(reduced)))):
        chosen = sorted(of)
        fields[f"{name}_sizes"] = _padded(tuple(sizes[axis] for axis in chosen), 1)
        fields[f"{name}_steps"] = _padded(tuple(steps[axis] for axis in chosen), 0)
    return fields, int(not reduced or reduced[-1] != len(sizes) - 1)


def _padded(values: Shape, padding: int) -> Shape:
    return (padding,) * (_AXES - len(values)) + values


def _scaling(params: MeanParams) -> dict[str, int]:
    unsigned = 128 if params.dtype == np.int8 else 0  # what the C function has added to each element
    offset = (params.input_offset - unsigned) * params.count
    return {
        "offset": (offset + 2**31) % 2**32 - 2**31,  # as sums do, it wraps
        "multiplier": params.output_multiplier,
        "shift": params.output_shift,
        "zero": params.output_offset,
        "low": params.activation_min,
        "high": params.activation_max,
        "divisor": params.divisor,
    }


def _work(params: ReductionParams) -> int:
    return element_count(params.input_shape)


MEAN = _operator({"int8": "sum_int8", "int16": "sum_int16", "float32": "sum_float32"})
REDUCE_ALL = _operator({"bool": "all_bool"})
REDUCE_MAX = _operator({"int8": "greatest_int8", "float32": "greatest_float32"})
REDUCE_MIN = _operator({"int8": "least_int8", "float32": "least_float32"})
