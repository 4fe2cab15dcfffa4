"""Functions of two int8 values, by a table of all 65,536 pairs: exact with nothing to prove, and quick."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.slots import AnyArray, Int8Array
from ember_infer_ref.blocks import blocks
from ember_infer_ref.plan import Step

__all__ = ["PairFunction", "prepare_pairs"]

PairFunction: TypeAlias = Callable[[Int8Array, Int8Array], AnyArray]

_BYTE = np.array(8, np.uint16)


def prepare_pairs(function: PairFunction, input1: Int8Array, input2: Int8Array, output: AnyArray, reused: bool) -> Step:
    """The step that writes ``function`` of the two inputs, broadcast against each other, to the output.

    Args:
        function: of int8 arrays that broadcast.
        input1, input2, output: contiguous.
        reused: whether the step will run more than once; a table for a single use has to be smaller than the output.
    """
    if not reused and output.size < 2**16:
        return lambda: np.copyto(output, function(input1, input2))
    # The pair's index is made of the bytes' bit patterns: 0 to 127, then -128 to -1.
    values = np.arange(256, dtype=np.uint8).view(np.int8)
    table = function(values[:, None], values).reshape(-1)
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
