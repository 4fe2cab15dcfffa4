"""CIRCULAR_BUFFER as a step of ``circular_buffer.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.ops.common import element_count
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.circular_buffer import CircularBufferParams
    from ember_infer_native.kernels.context import Context

__all__ = ["CIRCULAR_BUFFER"]

_KERNEL = Kernel("circular_buffer", "circular_buffer", "circular_buffer", 3)


def _plan(context: Context, params: CircularBufferParams, input: Place, state: Place, counter: Place) -> list[Step]:
    fields = {"bytes": element_count(params.state_shape), "row": params.row, "cycles_max": params.cycles_max}
    return [Step(_KERNEL, (), fields, (input.first, state.first, counter.first))]


CIRCULAR_BUFFER = NativeOperator(_plan, (_KERNEL,), work=lambda params: element_count(params.state_shape))
