"""CONV_2D as a call of ESP-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_firmware.esp_nn.chips import scratch_len
from ember_infer_firmware.esp_nn.windows import window
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_CONV2D = Kernel("esp_nn_conv2d", "esp_nn_conv2d", 3, struct="esp_nn_window", aligned=True)
KERNELS = (_CONV2D,)


def plan(
    context: Context,
    params: Conv2dParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """One call."""
    check_activation(params)
    fields = window(context, "conv2d", params, weights, bias, axis=0)
    scratch = context.scratch_by_core(scratch_len(params))
    return [Step(_CONV2D, fields, (input, output, scratch))]
