"""``struct ember_cmsis_nn_window``, and which windows the library can count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.slots import AnyArray, Int32Array, Shape4
from ember_infer_firmware.step import Declined, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_core.ops.sums import WindowedSumParams
    from ember_infer_firmware.context import Context

__all__ = ["check_counts", "check_products", "geometry", "window"]

_MOST = 2**15 - 1
_MOST_PRODUCTS = 2**16 - 1


def check_counts(*counts: int) -> None:
    """Checks that the library's 16 bits hold these sizes.

    Raises:
        Declined: they do not.
    """
    if max(counts) > _MOST:
        raise Declined("CMSIS-NN counts rows, columns and channels in 16 bits")


def check_products(count: int) -> None:
    """Checks that they hold the number of products of one output: the last columns and channels are counted so.

    Raises:
        Declined: they do not.
    """
    if count > _MOST_PRODUCTS:
        raise Declined("CMSIS-NN counts the products of an output in 16 bits")


def geometry(params: WindowedSumParams | PoolParams, filter_shape: Shape4) -> dict[str, int]:
    """Fields of the struct: sizes, strides and padding, one filter for each channel."""
    batches, input_h, input_w, input_c = params.input_shape
    filter_n, filter_h, filter_w, filter_c = filter_shape
    _, output_h, output_w, output_c = params.output_shape
    return {
        "batches": batches,
        "input_h": input_h,
        "input_w": input_w,
        "input_c": input_c,
        "filter_n": filter_n,
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


def window(context: Context, params: WindowedSumParams, weights: AnyArray, bias: Int32Array | None) -> dict[str, Value]:
    """The fields of the struct, for weights as the library's function has them."""
    check_counts(*params.input_shape[1:], *weights.shape, *params.output_shape[1:])
    fields: dict[str, Value] = {
        "weights": context.constant("weights", weights),
        "bias": None if bias is None else context.constant("bias", bias),
        "multiplier": context.constant("multiplier", params.output_multiplier),
        "shift": context.constant("shift", params.output_shift.astype(np.int32)),
        **geometry(params, weights.shape),
        "dilation_h": params.dilation_h_factor,
        "dilation_w": params.dilation_w_factor,
        "input_offset": params.input_offset,
        "output_offset": params.output_offset,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
    return fields
