"""MUL as a call of ESP-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.common import element_count
from ember_infer_firmware.esp_nn.chips import check_call, check_reach
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_MUL = Kernel("esp_nn_mul", "esp_nn_mul", 3, aligned=True)
_MUL_CHANNELS = Kernel("esp_nn_mul_channels", "esp_nn_mul", 3, struct="esp_nn_mul", aligned=True)
KERNELS = (_MUL, _MUL_CHANNELS)
_LARGEST_PRODUCT = 255 * 255


def plan(context: Context, params: MulParams, input1: Place, input2: Place, output: Place) -> list[Step]:
    """One call. Only the Rust driver has a use for the kernel over channels, as squeeze and excitation need it."""
    check_activation(params)
    alike = params.input1_shape == params.input2_shape
    check_call("mul", params, driver="tflm" if alike else "rust")
    check_reach(_LARGEST_PRODUCT, params.output_shift)
    count = element_count(params.output_shape)
    offset1, offset2 = params.input1_offset, params.input2_offset
    if element_count(params.input1_shape) < count:  # the one with channels comes second
        input1, input2, offset1, offset2 = input2, input1, offset2, offset1
    fields = {
        "count": count,
        "channels": max(element_count(input2.shape), 1),
        "input1_offset": offset1,
        "input2_offset": offset2,
        "output_offset": params.output_offset,
        "output_multiplier": params.output_multiplier,
        "output_shift": params.output_shift,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
    elementwise = element_count(input2.shape) == count
    return [Step(_MUL if elementwise else _MUL_CHANNELS, fields, (input1, input2, output))]
