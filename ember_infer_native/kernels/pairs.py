"""Functions of two int8 elements: by a quicker way than a table of all pairs, by the table, or one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import check_activation
from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.ops.common import element_count
from ember_infer_native.kernels.broadcast import broadcast_rows, rows_take_borders
from ember_infer_native.kernels.lookup import LOOKUP_KERNEL, plan_table
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams
    from ember_infer_core.slots import AnyArray
    from ember_infer_native.kernels.context import Context

__all__ = ["Quick", "Way", "pair_operator", "pair_table"]


@dataclass(frozen=True, slots=True)
class Way:
    """How a kernel computes a function without the table.

    Attributes:
        kernel: takes the inputs, the output, and constants if there are any.
        fields: of its struct, beside those of the rows.
        constants: what it reads.
        template: its variant.
    """

    kernel: Kernel
    fields: Mapping[str, int]
    constants: bytes = b""
    template: tuple[int, ...] = ()


# The way for a call, or None where there is none that is exact.
Quick: TypeAlias = Callable[["Context", Any], Way | None]

_TABLE = Kernel("pairs", "pairs", "pairs", 4)
_AS_LONG_AS = 100  # the channels whose ways are found in the time that it takes to find that of a function


def pair_operator(
    quick: Quick | None = None,
    kernels: tuple[Kernel, ...] = (),
    computed: NativeOperator | None = None,
    direct: Quick | None = None,
) -> NativeOperator:
    """An operator whose parameters are :class:`~ember_infer_core.ops.pairs.PairParams`.

    Args:
        quick: finds a quicker way than the table.
        kernels: those of such ways.
        computed: plans the calls whose operands are not int8, if there are any.
        direct: a way that costs nothing to find, for functions beyond those that a plan finds the best way for: of
            very many, tables alone would take gigabytes.
    """

    def plan(context: Context, params: PairParams, input1: Place, input2: Place, output: Place) -> list[Step]:
        if params.dtype == np.int8:
            check_activation(params)
            return _plan(context, params, quick, direct, (input1, input2, output))
        if computed is None:
            raise UnsupportedOperator(f"no native kernel computes this of {input1.dtype}")
        return computed.plan(context, params, input1=input1, input2=input2, output=output)

    ours = (_TABLE, LOOKUP_KERNEL, *kernels)
    return NativeOperator(plan, ours if computed is None else (*ours, *computed.kernels), _takes_borders)


def pair_table(context: Context, params: PairParams) -> npt.NDArray[np.uint8]:
    """What memory holds for the function of every two bytes that it may hold: ``(256, 256)``."""
    flip = np.uint8(context.target.bias)
    values = (np.arange(256, dtype=np.uint8) ^ flip).view(np.int8)
    return context.kept(params.table(values)).reshape(256, 256)


def _takes_borders(params: PairParams) -> bool:
    return params.dtype == np.int8 and rows_take_borders(params.input1_shape, params.input2_shape)


def _plan(
    context: Context,
    params: PairParams,
    quick: Quick | None,
    direct: Quick | None,
    places: tuple[Place, Place, Place],
) -> list[Step]:
    input1, input2, output = places
    shapes = params.input1_shape, params.input2_shape, params.output_shape
    everything = np.arange(-128, 128, dtype=np.int8)
    if _is_scalar(input1) and element_count(shapes[1]) == element_count(shapes[2]):
        return plan_table(context, params.elements(_value(input1), everything), input2, output)
    if _is_scalar(input2) and element_count(shapes[0]) == element_count(shapes[2]):
        return plan_table(context, params.elements(everything, _value(input2)), input1, output)
    way = _known_way(context, params, quick, direct)
    constants = (context.constants.add(way.constants),) if way.constants else ()
    pointers = (*(place.first for place in places), *constants)
    return [Step(way.kernel, way.template, {**broadcast_rows(shapes, places), **way.fields}, pointers)]


def _known_way(context: Context, params: PairParams, quick: Quick | None, direct: Quick | None) -> Way:
    """A call's way, looked for once for all calls of one function, as it takes milliseconds."""
    left_out = {"scratch", "cache", *(operand.name for operand in params.OPERANDS)}
    left_out |= {f"{operand.name}_shape" for operand in params.OPERANDS}
    names = [field.name for field in dataclasses.fields(params) if field.name not in left_out]
    key = quick, type(params), *(getattr(params, name) for name in names)
    way: Way | None = context.known.get(key)
    if way is None:
        way = context.known[key] = _way(context, params, quick, direct)
    return way


def _way(context: Context, params: PairParams, quick: Quick | None, direct: Quick | None) -> Way:
    """The quick way, or the table; what needs no search once enough has been spent on searching."""
    way = None
    if direct is not None and not context.search.affords(_AS_LONG_AS):
        way = direct(context, params)
    elif quick is not None:
        way = quick(context, params)
    return way or Way(_TABLE, {}, pair_table(context, params).tobytes())


def _is_scalar(place: Place) -> bool:
    return place.content is not None and place.content.size == 1


def _value(place: Place) -> AnyArray:
    assert place.content is not None
    return place.content.reshape(1)
