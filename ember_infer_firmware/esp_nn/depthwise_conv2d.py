"""DEPTHWISE_CONV_2D as a call of ESP-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_firmware.esp_nn.chips import scratch_len
from ember_infer_firmware.esp_nn.windows import window
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_DEPTHWISE_CONV2D = Kernel(
    "esp_nn_depthwise_conv2d", "esp_nn_depthwise_conv2d", 3, struct="esp_nn_window", aligned=True
)
KERNELS = (_DEPTHWISE_CONV2D,)


def plan(
    context: Context,
    params: DepthwiseConv2dParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """One call."""
    check_activation(params)
    if bias is None:  # without any, a kernel of the ESP32-S3 stores through a stale pointer
        bias = np.zeros(weights.shape[3], np.int32)
    fields = window(context, "depthwise_conv2d", params, weights, bias, axis=3)
    fields["depth_multiplier"] = params.depth_multiplier
    scratch = context.scratch_by_core(scratch_len(params))
    return [Step(_DEPTHWISE_CONV2D, fields, (input, output, scratch))]
