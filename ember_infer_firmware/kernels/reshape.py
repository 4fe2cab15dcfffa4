"""RESHAPE as a call of ``reshape.h``. Most reshapes are aliases in a program, and no call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.ops.common import element_count
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.reshape import ReshapeParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_RESHAPE = Kernel("reshape", "reshape", 2)
KERNELS = (_RESHAPE,)


def plan(context: Context, params: ReshapeParams, input: Place, output: Place) -> list[Step]:
    """A copy."""
    size = element_count(params.output_shape) * params.dtype.itemsize
    return [Step(_RESHAPE, {"bytes": size}, (input, output))]
