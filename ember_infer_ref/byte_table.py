"""Functions of one element of 8 bits, by their table of 256 values."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.lookup import LookupParams
from ember_infer_ref.plan import Step

__all__ = ["prepare_bytes"]


def prepare_bytes(params: LookupParams) -> Step:
    """The step that writes the table's value for each element of the input; ``params.table`` is there."""
    table, output = params.table, params.output
    assert table is not None
    if params.input_dtype == np.int8:
        table = np.roll(table, 128)  # in the order of the bit patterns: 0 to 127, then -128 to -1
    index = params.input.view(np.uint8)

    def run() -> None:
        table.take(index, out=output, mode="clip")  # no index is out of range; "clip" spares a copy of the output

    return run
