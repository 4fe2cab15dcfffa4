"""DEPTHWISE_CONV_2D as a call of ``depthwise_conv2d.h``, or of ``conv2d.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_firmware.kernels import conv2d
from ember_infer_firmware.kernels.channels import CLAMP, TOGETHER, channels, clamps, short, within
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_DEPTHWISE = Kernel("depthwise_conv2d", "depthwise_conv2d", 3)
KERNELS = (_DEPTHWISE, *conv2d.KERNELS, CLAMP)

_POINTER = 8  # bytes, on the largest machine
_MOST = 255  # of what the struct has bytes for


def plan(
    context: Context,
    params: DepthwiseConv2dParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """Several outputs for each input channel are a convolution of groups, since they share what is loaded of the input.
    So are windows of more than a byte, which hardly any model has.
    """
    check_activation(params)
    depth = params.input_shape[3]
    window = {
        "filter_rows": weights.shape[1],
        "filter_columns": weights.shape[2],
        "stride_rows": params.stride_h,
        "stride_columns": params.stride_w,
        "pad_rows": params.pad_h,
        "pad_columns": params.pad_w,
        "dilation_rows": params.dilation_h_factor,
        "dilation_columns": params.dilation_w_factor,
    }
    if params.depth_multiplier != 1 or depth < TOGETHER or max(window.values()) > _MOST:
        filters = np.ascontiguousarray(weights.transpose(3, 1, 2, 0))
        return conv2d.plan_groups(context, params, input, output, filters, bias, depth)
    taps = weights.reshape(-1, depth)
    fields = {
        "weights": context.constant("weights", _packed(taps)),
        **within("outputs", channels(context, params, taps.T, bias)),
        **short(
            images=params.output_shape[0],
            input_rows=params.input_shape[1],
            input_columns=params.input_shape[2],
            output_rows=params.output_shape[1],
            output_columns=params.output_shape[2],
        ),
        **window,
        "outside": -params.input_offset,
    }
    pointers = context.scratch((len(taps) * _POINTER + -(-depth // 4) * 4,))
    return [Step(_DEPTHWISE, fields, (input, output, pointers)), *clamps(params, output)]


def _packed(taps: Int8Array) -> Int8Array:
    """Weights ``(taps, C)`` of four channels at a time; the last four end with the last channel."""
    last = taps.shape[1] - TOGETHER
    starts = [*range(0, last, TOGETHER), last]
    return np.concatenate([taps[:, start : start + TOGETHER].reshape(-1) for start in starts])
