"""MEAN as a call of ESP-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_firmware.esp_nn.chips import check_call, check_reach
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.mean import MeanParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_MEAN = Kernel("esp_nn_mean", "esp_nn_mean", 2, aligned=True)
KERNELS = (_MEAN,)


def plan(context: Context, params: MeanParams, input: Place, output: Place) -> list[Step]:
    """One call, over rows and columns of one image."""
    check_call("mean", params)
    _, height, width, channels = params.input_shape
    check_reach(255 * height * width, params.output_shift)
    fields = {
        "height": height,
        "width": width,
        "channels": channels,
        "input_zero_point": -params.input_offset,
        "output_zero_point": params.output_offset,
        "multiplier": params.output_multiplier,
        "shift": params.output_shift,
    }
    return [Step(_MEAN, fields, (input, output))]
