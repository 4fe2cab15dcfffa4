"""CAST."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.cast import cast_elements
from ember_infer_ref.byte_table import prepare_bytes
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams

__all__ = ["cast"]


def cast(params: LookupParams) -> None:
    """CAST. Source: TFLM ``cast.cc``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.cast", _prepare)


def _prepare(params: LookupParams) -> Step:
    if params.table is not None:
        return prepare_bytes(params)
    return lambda: np.copyto(params.output, cast_elements(params.input, params.output_dtype))
