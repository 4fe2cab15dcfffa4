"""ADD as a call of ESP-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.common import element_count
from ember_infer_firmware.esp_nn.chips import check_call
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_ADD = Kernel("esp_nn_add", "esp_nn_add", 3, aligned=True)
KERNELS = (_ADD,)


def plan(context: Context, params: ElementwiseAddParams, input1: Place, input2: Place, output: Place) -> list[Step]:
    """One call, of tensors of one shape."""
    check_activation(params)
    check_call("add", params)
    fields = {
        "count": element_count(params.output_shape),
        "input1_offset": params.input1_offset,
        "input1_multiplier": params.input1_multiplier,
        "input1_shift": params.input1_shift,
        "input2_offset": params.input2_offset,
        "input2_multiplier": params.input2_multiplier,
        "input2_shift": params.input2_shift,
        "left_shift": params.left_shift,
        "output_offset": params.output_offset,
        "output_multiplier": params.output_multiplier,
        "output_shift": params.output_shift,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
    return [Step(_ADD, fields, (input1, input2, output))]
