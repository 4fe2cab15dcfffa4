"""Functions of one element of 8 bits, by their table, as steps of ``lookup.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_native.kernels.broadcast import rows_take_borders
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.kernels.rows import plan_rows
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams
    from ember_infer_core.slots import AnyArray
    from ember_infer_native.kernels.context import Context

__all__ = ["LOOKUP", "LOOKUP_KERNEL", "lookup_operator", "plan_table"]

# The template is the bytes of a result.
LOOKUP_KERNEL = Kernel("lookup", "lookup", "lookup", 3, ((1,), (2,), (4,)))
_CHECK = Kernel("check_lowest", "lookup", "check_lowest", 2)


def plan_table(context: Context, table: AnyArray, input: Place, output: Place) -> list[Step]:
    """Steps for a function of int8 or uint8.

    Args:
        context: of the plan.
        table: the results for all 256 values of an element, from the least to the greatest.
        input, output: of one shape.
    """
    values = np.arange(256, dtype=np.uint8)
    if input.dtype == np.int8:  # the byte of the least value is what memory has for -128
        values = values ^ np.uint8(128 ^ context.target.bias)
    constants = context.constants.add(context.kept(table[values]).tobytes())
    places = {"input": input, "output": output}
    return plan_rows(LOOKUP_KERNEL, (output.dtype.itemsize,), {}, places, constants)


def lookup_operator(computed: NativeOperator | None = None) -> NativeOperator:
    """An operator whose parameters are :class:`~ember_infer_core.ops.lookup.LookupParams`.

    Args:
        computed: plans the calls that have no table, if there are any.
    """

    def plan(context: Context, params: LookupParams, input: Place, output: Place) -> list[Step]:
        if params.table is not None:
            steps = plan_table(context, params.table, input, output)
            return steps if params.lowest_input is None else _checked(context, params.lowest_input, input) + steps
        if computed is None:
            raise UnsupportedOperator(f"no native kernel computes this of {input.dtype} to {output.dtype}")
        return computed.plan(context, params, input=input, output=output)

    kernels = (LOOKUP_KERNEL, _CHECK, *(() if computed is None else computed.kernels))

    def takes_borders(params: LookupParams) -> bool:
        if params.table is None:
            return computed is not None and computed.takes_borders(params)
        return rows_take_borders(params.input_shape, params.output_shape)

    return NativeOperator(plan, kernels, takes_borders)


def _checked(context: Context, lowest: int, input: Place) -> list[Step]:
    status, error = context.error(
        f"the function is not defined below {lowest}, which the input holds, and TensorFlow Lite Micro stops there too"
    )
    return plan_rows(_CHECK, (), {"lowest": lowest, "error": error}, {"input": input}, status)


LOOKUP = lookup_operator()
