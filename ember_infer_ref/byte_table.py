"""Functions of one element of 8 bits, by their table of 256 values."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.lookup import LookupParams, check_domain
from ember_infer_core.slots import AnyArray
from ember_infer_ref.plan import Step, in_turn

__all__ = ["prepare_bytes"]


def prepare_bytes(params: LookupParams) -> Step:
    """The step that writes the table's value for each element of the input; ``params.table`` is there.

    It raises KernelError, before it writes anything, where the function is not defined for an element.
    """
    table = params.table
    assert table is not None
    if params.input_dtype == np.int8:
        table = np.roll(table, 128)  # in the order of the bit patterns: 0 to 127, then -128 to -1
    step = _prepare_bytes_to_bytes(params, table.tobytes()) if table.itemsize == 1 else _prepare_take(params, table)
    return step if params.lowest_input is None else in_turn(lambda: check_domain(params), step)


def _prepare_bytes_to_bytes(params: LookupParams, table: bytes) -> Step:
    """Python's translation of bytes, which is quicker than NumPy's take."""
    read, written = params.input.reshape(-1).view(np.uint8).data, params.output.reshape(-1).view(np.uint8).data

    def run() -> None:
        written[:] = bytes(read).translate(table)

    return run


def _prepare_take(params: LookupParams, table: AnyArray) -> Step:
    index, output = params.input.view(np.uint8), params.output

    def run() -> None:
        table.take(index, out=output, mode="clip")  # no index is out of range; "clip" spares a copy of the output

    return run
