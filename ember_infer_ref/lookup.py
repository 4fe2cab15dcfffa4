"""Functions of one element: of 8 bits by the table that comes with the parameters, of float32 by NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.lookup import LookupParams, check_domain
from ember_infer_ref.plan import Step, in_turn, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.slots import AnyArray

__all__ = ["Float32Array", "lookup_kernel"]

Float32Array: TypeAlias = npt.NDArray[np.float32]
P = TypeVar("P", bound=LookupParams)


def lookup_kernel(operator: str, function: Callable[[Float32Array, P], Float32Array]) -> Callable[[P], None]:
    """The kernel of an operator.

    Args:
        operator: its name.
        function: of float32 arrays, and of the parameters' attributes.
    """

    def prepare(params: P) -> Step:
        if params.table is not None:
            translate = _prepare_table(params.table, params.input, params.output)
            return translate if params.lowest_input is None else in_turn(lambda: check_domain(params), translate)
        return lambda: np.copyto(params.output, function(params.input, params))

    def kernel(params: P) -> None:
        run_prepared(params, f"ref.{operator}", prepare)

    return kernel


def _prepare_table(table: AnyArray, input: AnyArray, output: AnyArray) -> Step:
    # By bit patterns: of int8 they are 0 to 127, then -128 to -1.
    by_bits = np.roll(table, 128) if input.dtype == np.int8 else table
    if output.itemsize > 1:
        indices = input.view(np.uint8)
        return lambda: np.copyto(output, by_bits[indices])
    translation = by_bits.tobytes()  # a translation of bytes is quicker than NumPy's take
    read, written = input.reshape(-1).view(np.uint8).data, output.reshape(-1).view(np.uint8).data

    def run() -> None:
        written[:] = bytes(read).translate(translation)

    return run
