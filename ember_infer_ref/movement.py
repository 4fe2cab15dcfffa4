"""All operators that move elements and compute nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.movement import moves
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.movement import MovementParams

__all__ = ["move"]


def move(params: MovementParams) -> None:
    """:func:`ember_infer_core.ops.movement.move`, with the views of the buffers kept.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.move", _prepare)


def _prepare(params: MovementParams) -> Step:
    pairs, fill = moves(params), params.fill

    def run() -> None:
        if fill is not None:
            for output in params.outputs:
                output.fill(fill)
        for target, source in pairs:
            np.copyto(target, source)

    return run
