"""Functions of one element: of 8 bits by the table that comes with the parameters, of other types by NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ember_infer_core.ops.lookup import LookupParams
from ember_infer_ref.byte_table import prepare_bytes
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.slots import AnyArray

__all__ = ["lookup", "lookup_kernel"]

P = TypeVar("P", bound=LookupParams)


def lookup(params: LookupParams) -> None:
    """Any operator of one element of 8 bits whose parameters have the table, and that has no other types.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.lookup", prepare_bytes)


def lookup_kernel(operator: str, function: Callable[[AnyArray, P], AnyArray]) -> Callable[[P], None]:
    """The kernel of an operator.

    Args:
        operator: its name.
        function: of arrays with more than 8 bits an element, and of the parameters' attributes.
    """

    def prepare(params: P) -> Step:
        return prepare_bytes(params) if params.table is not None else lambda: compute(params)

    def compute(params: P) -> None:
        with np.errstate(all="ignore"):  # infinities and NaN are results like others
            np.copyto(params.output, function(params.input, params).reshape(params.output_shape))

    def kernel(params: P) -> None:
        run_prepared(params, f"ref.{operator}", prepare)

    return kernel
