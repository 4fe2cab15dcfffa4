"""Functions of one element: of 8 bits by the table that comes with the parameters, of float32 by NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.lookup import LookupParams
from ember_infer_ref.byte_table import prepare_bytes
from ember_infer_ref.plan import Step, run_prepared

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
        return prepare_bytes(params) if params.table is not None else lambda: compute(params)

    def compute(params: P) -> None:
        with np.errstate(all="ignore"):  # infinities and NaN are results like others
            np.copyto(params.output, function(params.input, params))

    def kernel(params: P) -> None:
        run_prepared(params, f"ref.{operator}", prepare)

    return kernel
