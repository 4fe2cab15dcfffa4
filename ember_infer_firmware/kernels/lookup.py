"""Functions of one element of 8 bits, by their table, as calls of ``lookup.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.ops.common import element_count
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams
    from ember_infer_core.slots import AnyArray
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "LOOKUP", "lookup_step", "plan"]

LOOKUP = Kernel("lookup", "lookup", 2)
_ABOVE = Kernel("lookup_above", "lookup", 2, fails=True)
KERNELS = (LOOKUP, _ABOVE)


def plan(context: Context, params: LookupParams, input: Place, output: Place) -> list[Step]:
    """The table, which elements below ``params.lowest_input`` are not in."""
    if params.table is None:
        raise UnsupportedOperator(f"no kernel computes this of {input.dtype} to {output.dtype}")
    return [lookup_step(context, params.table, input, output, params.lowest_input)]


def lookup_step(context: Context, table: AnyArray, input: Place, output: Place, lowest: int | None = None) -> Step:
    """A call for a table of the results for all values of an element, from the least to the greatest; see ``lookup.h``
    for ``lowest``.
    """
    by_byte = np.roll(table, -128) if input.dtype == np.int8 else table
    fields: dict[str, Value] = {
        "table": context.constant("table", by_byte.view(np.uint8)),
        "count": element_count(input.shape),
    }
    if lowest is None:
        return Step(LOOKUP, fields, (input, output))
    below = (
        f"the function is not defined below {lowest}, which the input holds, and TensorFlow Lite Micro stops there too"
    )
    return Step(_ABOVE, {**fields, "lowest": lowest}, (input, output), failure=below)
