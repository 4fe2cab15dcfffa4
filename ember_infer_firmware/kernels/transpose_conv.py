"""TRANSPOSE_CONV as a call of ``transpose_conv.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_firmware.kernels.channels import TOGETHER, interleaved
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.transpose_conv import TransposeConvParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_TRANSPOSE_CONV = Kernel("transpose_conv", "transpose_conv", 2)
KERNELS = (_TRANSPOSE_CONV,)


def plan(
    context: Context,
    params: TransposeConvParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """The weights are packed so that the channels' sums grow four at a time."""
    check_activation(params)
    channels = len(weights)
    multiplier, shift = params.output_multiplier, params.output_shift
    is_common = bool((multiplier == multiplier[0]).all() and (shift == shift[0]).all())
    kept = slice(1) if is_common else slice(None)
    fields: dict[str, Value] = {
        "weights": context.constant("weights", interleaved(weights.reshape(channels, -1), whole=False)),
        "bias": context.constant("bias", _whole_fours(channels, bias)),
        "multiplier": context.constant("multiplier", multiplier[kept]),
        "shift": context.constant("shift", shift[kept].astype(np.int8)),
        **_axis(params, 0, "rows", params.stride_h, params.pad_h),
        **_axis(params, 1, "columns", params.stride_w, params.pad_w),
        "images": params.input_shape[0],
        "depth": params.input_shape[3],
        "channels": channels,
        "input_offset": params.input_offset,
        "scale_step": 0 if is_common else 1,
        "output_offset": params.output_offset,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
    return [Step(_TRANSPOSE_CONV, fields, (input, output))]


def _whole_fours(channels: int, bias: Int32Array | None) -> Int32Array:
    """The bias, with zeros up to a multiple of four, and nothing but zeros where there is none."""
    padded: Int32Array = np.zeros(-(-channels // TOGETHER) * TOGETHER, np.int32)
    if bias is not None:
        padded[:channels] = bias
    return padded


def _axis(params: TransposeConvParams, axis: int, name: str, stride: int, pad: int) -> dict[str, Value]:
    """The fields of ``struct ember_transposed_axis``."""
    return {
        f"{name}.inputs": params.input_shape[1 + axis],
        f"{name}.outputs": params.output_shape[1 + axis],
        f"{name}.taps": params.weights_shape[1 + axis],
        f"{name}.stride": stride,
        f"{name}.pad": pad,
    }
