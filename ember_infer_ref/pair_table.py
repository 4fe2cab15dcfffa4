"""Functions of two int8 values, by a table of all 65,536 pairs: exact with nothing to prove, and quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ember_infer_ref.blocks import blocks
from ember_infer_ref.plan import Step

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams

__all__ = ["prepare_pairs"]

_BYTE = np.array(8, np.uint16)


def prepare_pairs(params: PairParams, reused: bool) -> Step:
    """The step of a call over int8, whose buffers are bound.

    Args:
        params: what to compute of the two inputs, broadcast against each other.
        reused: whether the step will run more than once; a table for a single use has to be smaller than the output.
    """
    input1, input2, output = params.input1, params.input2, params.output
    if not reused and output.size < 2**16:
        return lambda: np.copyto(output, params.elements(input1, input2))
    # The pair's index is made of the bytes' bit patterns: 0 to 127, then -128 to -1.
    values = np.arange(256, dtype=np.uint8).view(np.int8)
    table = params.table(values).reshape(-1)
    high, low = (np.broadcast_to(array.view(np.uint8), output.shape) for array in (input1, input2))
    parts = [(high[block], low[block], output[block]) for block in blocks(output.shape)]
    indices: npt.NDArray[np.uint16] = np.empty(max((part.size for _, _, part in parts), default=0), np.uint16)

    def run() -> None:
        for first, second, result in parts:
            index = indices[: result.size].reshape(result.shape)
            np.copyto(index, first)
            np.left_shift(index, _BYTE, out=index)
            np.bitwise_or(index, second, out=index)
            table.take(index, out=result, mode="clip")  # no index is out of range; "clip" spares a copy of the output

    return run
