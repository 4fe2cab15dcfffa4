"""Functions of two int8 elements, as steps of ``elementwise.h``: by a formula, or by a table of all pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import check_activation
from ember_infer_core.errors import KernelError
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import AnyArray, Shape
from ember_infer_native.kernels.lookup import LOOKUP_KERNEL, plan_table
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.kernels.rows import plan_rows, rows_take_borders
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams
    from ember_infer_native.kernels.context import Context

__all__ = ["Formula", "broadcast_axes", "pair_operator"]

# ``(context, params, table)`` -> the kernel that computes the table, and its fields; None where there is none.
Formula: TypeAlias = Callable[["Context", Any, npt.NDArray[np.uint8]], tuple[Kernel, Mapping[str, int]] | None]

_PAIRS = Kernel("pairs", "elementwise", "pairs", 4)
_BROADCAST = Kernel("broadcast_pairs", "elementwise", "broadcast", 4)
_DIMENSIONS = 32  # MAX_DIMENSIONS of broadcast.h


def pair_operator(
    formula: Formula | None = None, kernels: tuple[Kernel, ...] = (), computed: NativeOperator | None = None
) -> NativeOperator:
    """An operator whose parameters are :class:`~ember_infer_core.ops.pairs.PairParams`.

    Args:
        formula: a quicker way than the table, for operands of one shape.
        kernels: those of the formula.
        computed: plans the calls whose operands are not int8, if there are any.
    """

    def plan(context: Context, params: PairParams, input1: Place, input2: Place, output: Place) -> list[Step]:
        if params.dtype == np.int8:
            check_activation(params)
            return _plan(context, params, formula, (input1, input2, output))
        if computed is None:
            raise KernelError(f"no native kernel computes this of {input1.dtype}")
        return computed.plan(context, params, input1=input1, input2=input2, output=output)

    ours = (_PAIRS, _BROADCAST, LOOKUP_KERNEL, *kernels)
    return NativeOperator(plan, ours if computed is None else (*ours, *computed.kernels), _takes_borders)


def _takes_borders(params: PairParams) -> bool:
    return params.dtype == np.int8 and rows_take_borders(params.input1_shape, params.input2_shape)


def _plan(
    context: Context, params: PairParams, formula: Formula | None, places: tuple[Place, Place, Place]
) -> list[Step]:
    input1, input2, output = places
    shapes = params.input1_shape, params.input2_shape, params.output_shape
    everything = np.arange(-128, 128, dtype=np.int8)
    if _is_scalar(input1) and element_count(shapes[1]) == element_count(shapes[2]):
        return plan_table(context, params.elements(_value(input1), everything), input2, output)
    if _is_scalar(input2) and element_count(shapes[0]) == element_count(shapes[2]):
        return plan_table(context, params.elements(everything, _value(input2)), input1, output)
    table = _table(context, params)
    if shapes[0] != shapes[1]:
        sizes, steps1, steps2 = broadcast_axes(*shapes)
        fields = {"sizes": sizes, "steps1": steps1, "steps2": steps2}
        pointers = input1.first, input2.first, output.first, context.constants.add(table.tobytes())
        return [Step(_BROADCAST, (), fields, pointers)]
    named = {"input1": input1, "input2": input2, "output": output}
    quick = None if formula is None else formula(context, params, table)
    if quick is not None:
        return plan_rows(quick[0], (), quick[1], named)
    return plan_rows(_PAIRS, (), {}, named, context.constants.add(table.tobytes()))


def _is_scalar(place: Place) -> bool:
    return place.content is not None and place.content.size == 1


def _value(place: Place) -> AnyArray:
    assert place.content is not None
    return place.content.reshape(1)


def _table(context: Context, params: PairParams) -> npt.NDArray[np.uint8]:
    """What memory holds for the function of every two bytes that it may hold: ``(256, 256)``."""
    flip = np.uint8(context.target.bias)
    values = (np.arange(256, dtype=np.uint8) ^ flip).view(np.int8)
    return context.kept(params.elements(values[:, None], values)).reshape(256, 256)


def broadcast_axes(
    shape1: Shape, shape2: Shape, output: Shape
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Sizes, and each dense input's steps in elements, 0 where it repeats; neighbouring axes that behave alike are one.

    Raises:
        KernelError: there are too many.
    """
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
