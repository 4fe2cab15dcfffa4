"""LOGICAL_NOT; the other logical operators are pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams

__all__ = ["logical_not"]


def logical_not(params: LookupParams) -> None:
    """LOGICAL_NOT.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.logical_not", _prepare)


def _prepare(params: LookupParams) -> Step:
    return lambda: np.copyto(params.output, np.logical_not(params.input))
