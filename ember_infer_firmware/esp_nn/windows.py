"""``struct ember_esp_nn_window``, and the checks of what slides over an image."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.slots import AnyArray, Int32Array, Shape4
from ember_infer_firmware.esp_nn.chips import check_call, check_reach
from ember_infer_firmware.library_fields import check_counts, window_constants, window_geometry, window_range
from ember_infer_firmware.step import Value

if TYPE_CHECKING:
    from ember_infer_core.ops.pool import PoolParams
    from ember_infer_core.ops.sums import WindowedSumParams
    from ember_infer_firmware.context import Context

__all__ = ["check_sums", "geometry", "window"]


def geometry(params: WindowedSumParams | PoolParams, filter_shape: Shape4) -> dict[str, int]:
    """Fields of the struct, if the library can count the window.

    Raises:
        Declined: it cannot.
    """
    check_counts("ESP-NN", *params.input_shape[1:], *filter_shape[1:3], *params.output_shape[1:])
    return window_geometry(params, filter_shape)


def window(
    context: Context, method: str, params: WindowedSumParams, weights: AnyArray, bias: Int32Array | None, axis: int
) -> dict[str, Value]:
    """The fields of the struct for a convolution.

    Args:
        context: what planning has at hand.
        method: of a backend.
        params: of the call.
        weights: a filter for each channel of the output, which are along ``axis``.
        bias: of the call.
        axis: see ``weights``.

    Raises:
        Declined: it is not ESP-NN's.
    """
    bound = copy.copy(params)
    bound.bias = bias
    check_call(method, bound)
    check_sums(weights, bias, params.input_offset, params.output_shift, axis)
    return {
        **geometry(params, weights.shape),
        **window_constants(context, params, weights, bias),
        **window_range(params),
    }


def check_sums(
    weights: AnyArray,
    bias: Int32Array | None,
    input_offset: int,
    shift: AnyArray,
    axis: int,
    weights_offset: int = 0,
) -> None:
    """Checks that no input makes a sum of products that int32 does not hold.

    Raises:
        Declined: some may.
    """
    others = tuple(other for other in range(weights.ndim) if other != axis)
    largest = max(127 + input_offset, 128 - input_offset)  # of input_offset + int8
    reach = largest * np.abs(weights.astype(np.int64) + weights_offset).sum(others)
    reach += 0 if bias is None else np.abs(bias.astype(np.int64))
    for each, left in zip(reach.tolist(), shift.tolist(), strict=True):
        check_reach(each, left)
