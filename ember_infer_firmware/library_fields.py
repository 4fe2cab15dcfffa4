"""Fields that structs for the calls of several libraries have in common; in their order, which is that of the C."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import AnyArray, Int32Array, Shape4
from ember_infer_firmware.step import Declined, Kernel, Place, Step, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_core.ops.sums import WindowedSumParams
    from ember_infer_firmware.context import Context

__all__ = [
    "add_fields",
    "check_counts",
    "scaled_step",
    "softmax_fields",
    "window_constants",
    "window_geometry",
    "window_range",
]

_MOST = 2**15 - 1


def check_counts(library: str, *counts: int) -> None:
    """Checks that the library's 16 bits hold these sizes.

    Raises:
        Declined: they do not.
    """
    if max(counts) > _MOST:
        raise Declined(f"{library} counts rows, columns and channels in 16 bits")


def window_geometry(
    params: WindowedSumParams | PoolParams, filter_shape: Shape4, *, counted: bool = False
) -> dict[str, int]:
    """Sizes, strides and padding, one filter for each channel.

    Args:
        params: of the call.
        filter_shape: of all filters.
        counted: whether there is a field for their number.
    """
    batches, input_h, input_w, input_c = params.input_shape
    filter_n, filter_h, filter_w, filter_c = filter_shape
    _, output_h, output_w, output_c = params.output_shape
    return {
        "batches": batches,
        "input_h": input_h,
        "input_w": input_w,
        "input_c": input_c,
        **({"filter_n": filter_n} if counted else {}),
        "filter_h": filter_h,
        "filter_w": filter_w,
        "filter_c": filter_c,
        "output_h": output_h,
        "output_w": output_w,
        "output_c": output_c,
        "depth_multiplier": 1,
        "stride_h": params.stride_h,
        "stride_w": params.stride_w,
        "pad_h": params.pad_h,
        "pad_w": params.pad_w,
    }


def window_constants(
    context: Context, params: WindowedSumParams, weights: AnyArray, bias: Int32Array | None
) -> dict[str, Value]:
    """The arrays of a convolution, whose channels have scales of their own."""
    return {
        "weights": context.constant("weights", weights),
        "bias": None if bias is None else context.constant("bias", bias),
        "multiplier": context.constant("multiplier", params.output_multiplier),
        "shift": context.constant("shift", params.output_shift.astype(np.int32)),
    }


def window_range(params: WindowedSumParams) -> dict[str, int]:
    """Zero points of a convolution, and what its activation leaves."""
    return {
        "input_offset": params.input_offset,
        "output_offset": params.output_offset,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }


def scaled_step(
    context: Context,
    params: FullyConnectedParams,
    kernels: tuple[Kernel, Kernel],
    fields: Mapping[str, Value],
    operands: tuple[Place, Place],
) -> Step:
    """The call of a FULLY_CONNECTED.

    Args:
        context: what planning has at hand.
        params: of the call.
        kernels: for outputs of one scale, and of scales of their own.
        fields: all but multiplier and shift.
        operands: input and output.
    """
    per_tensor, per_channel = kernels
    multiplier, shift = params.output_multiplier, params.output_shift.astype(np.int32)
    if (multiplier == multiplier[0]).all() and (shift == shift[0]).all():
        return Step(per_tensor, {**fields, "multiplier": int(multiplier[0]), "shift": int(shift[0])}, operands)
    channels = {"multiplier": context.constant("multiplier", multiplier), "shift": context.constant("shift", shift)}
    return Step(per_channel, {**fields, **channels}, operands)


def add_fields(params: ElementwiseAddParams) -> dict[str, int]:
    """Of an ADD."""
    return {
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


def softmax_fields(params: SoftmaxParams) -> dict[str, int]:
    """Of a SOFTMAX."""
    return {
        "rows": element_count(params.input_shape[:-1]),
        "depth": params.input_shape[-1],
        "multiplier": params.input_multiplier,
        "shift": params.input_left_shift,
        "diff_min": params.diff_min,
    }
