"""ADD_N."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_ref.blocks import blocks
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.add_n import AddNParams

__all__ = ["add_n"]


def add_n(params: AddNParams) -> None:
    """ADD_N. Source: TFLM ``reference_ops::AddN``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.add_n", _prepare)


def _prepare(params: AddNParams) -> Step:
    parts = list(blocks(params.output_shape))

    def run() -> None:
        for block in parts:
            np.copyto(params.output[block], params.elements([array[block] for array in params.inputs]))

    return run
