"""CONV_2D as a call of ``conv2d.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.common import element_count
from ember_infer_firmware.kernels.channels import CLAMP, channels, clamps, interleaved, short, within
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.ops.sums import SumParams, WindowedSumParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan", "plan_groups"]

_CONV2D = Kernel("conv2d", "conv2d", 3)
_POINT = Kernel("conv2d_point", "conv2d", 2)
_WORD = 4  # bytes, of which a patch is filled with whole ones

KERNELS = (_CONV2D, _POINT, CLAMP)


def plan(
    context: Context,
    params: Conv2dParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """A window of one tap that goes from pixel to pixel needs no gathering of inputs."""
    check_activation(params)
    _, filter_rows, filter_columns, depth = params.weights_shape
    is_point = filter_rows == filter_columns == 1 and params.input_shape[:3] == params.output_shape[:3]
    if not is_point or params.groups != 1:
        return plan_groups(context, params, input, output, weights, bias, params.groups)
    fields = _rows(context, params, weights.reshape(-1, depth), bias, 1)
    step = Step(_POINT, {**fields, "pixels": element_count(params.output_shape[:3])}, (input, output))
    return [step, *clamps(params, output)]


def plan_groups(
    context: Context,
    params: WindowedSumParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
    groups: int,
) -> list[Step]:
    """Weights ``(C_out, KH, KW, C_in / groups)``, each group's outputs from its own part of the inputs."""
    outputs, filter_rows, filter_columns, depth = weights.shape
    rows = weights.reshape(outputs, -1)
    fields = {
        **_rows(context, params, rows, bias, groups),
        **short(
            images=params.output_shape[0],
            groups=groups,
            input_rows=params.input_shape[1],
            input_columns=params.input_shape[2],
            group_depth=depth,
            output_rows=params.output_shape[1],
            output_columns=params.output_shape[2],
            group_outputs=outputs // groups,
            filter_rows=filter_rows,
            filter_columns=filter_columns,
            stride_rows=params.stride_h,
            stride_columns=params.stride_w,
            pad_rows=params.pad_h,
            pad_columns=params.pad_w,
            dilation_rows=params.dilation_h_factor,
            dilation_columns=params.dilation_w_factor,
            run=filter_columns if groups == 1 and params.dilation_w_factor == 1 else 1,
        ),
        "outside": -params.input_offset,
    }
    patches = context.scratch((2 * rows.shape[1] + _WORD - 1,), np.int8)
    return [Step(_CONV2D, fields, (input, output, patches)), *clamps(params, output)]


def _rows(
    context: Context, params: SumParams, rows: Int8Array, bias: Int32Array | None, groups: int
) -> dict[str, Value]:
    """The fields of ``struct ember_rows``; each group's weights begin anew."""
    weights = np.concatenate([interleaved(group, whole=True) for group in np.split(rows, groups)])
    fields = {
        "weights": context.constant("weights", weights),
        **within("channels", channels(context, params, rows, bias, groups)),
        "depth": rows.shape[1],
    }
    return within("rows", fields)
