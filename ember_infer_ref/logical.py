"""LOGICAL_NOT; the other logical operators are pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_ref.byte_table import prepare_bytes
from ember_infer_ref.plan import run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams

__all__ = ["logical_not"]


def logical_not(params: LookupParams) -> None:
    """LOGICAL_NOT.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.logical_not", prepare_bytes)
