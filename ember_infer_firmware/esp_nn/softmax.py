"""SOFTMAX as a call of ESP-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_firmware.esp_nn.chips import check_call, scratch_len
from ember_infer_firmware.library_fields import softmax_fields
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_SOFTMAX = Kernel("esp_nn_softmax", "esp_nn_softmax", 3, aligned=True)
KERNELS = (_SOFTMAX,)


def plan(context: Context, params: SoftmaxParams, input: Place, output: Place) -> list[Step]:
    """One call."""
    check_call("softmax", params)
    return [Step(_SOFTMAX, softmax_fields(params), (input, output, context.scratch_by_core(scratch_len(params))))]
