"""TRANSPOSE_CONV as a call of ``transpose_conv.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_firmware.kernels.sums import interleaved, scaling
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
    fields: dict[str, Value] = {
        "weights": context.constant("weights", interleaved(weights.reshape(len(weights), -1))),
        "bias": None if bias is None else context.constant("bias", bias),
        **scaling(context, params),
        **_axis(params, 0, "rows", params.stride_h, params.pad_h),
        **_axis(params, 1, "columns", params.stride_w, params.pad_w),
        "images": params.input_shape[0],
        "depth": params.input_shape[3],
        "channels": len(weights),
        "input_offset": params.input_offset,
    }
    return [Step(_TRANSPOSE_CONV, fields, (input, output))]


def _axis(params: TransposeConvParams, axis: int, name: str, stride: int, pad: int) -> dict[str, Value]:
    """The fields of ``struct ember_transposed_axis``."""
    return {
        f"{name}.inputs": params.input_shape[1 + axis],
        f"{name}.outputs": params.output_shape[1 + axis],
        f"{name}.taps": params.weights_shape[1 + axis],
        f"{name}.stride": stride,
        f"{name}.pad": pad,
    }
