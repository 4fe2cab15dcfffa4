"""SOFTMAX as a call of ESP-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.ops.common import element_count
from ember_infer_firmware.esp_nn.chips import check_call, scratch_len
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
    fields = {
        "rows": element_count(params.input_shape[:-1]),
        "depth": params.input_shape[-1],
        "multiplier": params.input_multiplier,
        "shift": params.input_left_shift,
        "diff_min": params.diff_min,
    }
    return [Step(_SOFTMAX, fields, (input, output, context.scratch_by_core(scratch_len(params))))]
