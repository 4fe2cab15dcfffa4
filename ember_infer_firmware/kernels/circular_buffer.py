"""CIRCULAR_BUFFER as a call of ``circular_buffer.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.ops.common import element_count
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.circular_buffer import CircularBufferParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_CIRCULAR_BUFFER = Kernel("circular_buffer", "circular_buffer", 3)
KERNELS = (_CIRCULAR_BUFFER,)


def plan(context: Context, params: CircularBufferParams, input: Place, state: Place, counter: Place) -> list[Step]:
    """One call; what it leaves in ``counter`` ends the run or lets it go on."""
    kept = element_count(params.state_shape) - params.row
    fields = {"kept": kept, "row": params.row, "cycles_max": params.cycles_max}
    return [Step(_CIRCULAR_BUFFER, fields, (input, state, counter))]
