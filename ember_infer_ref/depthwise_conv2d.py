"""DEPTHWISE_CONV_2D."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_ref.channelwise import prepare_channelwise
from ember_infer_ref.dense import prepare_dense, ungrouped
from ember_infer_ref.plan import Step, in_turn, run_prepared
from ember_infer_ref.planes import convolution_window
from ember_infer_ref.requantize import Rounding, accumulator_range, prepare_requantize, scaling_of

if TYPE_CHECKING:
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams

__all__ = ["depthwise_conv2d"]


# Up to so many multiplications, one matrix product that is mostly zeros costs less than two calls for each tap.
_SMALL_PRODUCT = 2**19


def depthwise_conv2d(params: DepthwiseConv2dParams, rounding: Rounding) -> None:
    """DEPTHWISE_CONV_2D. Source: TFLM ``reference_integer_ops::DepthwiseConvPerChannel``.

    Raises:
        InvalidShape, UnsupportedActivation: nothing was written.
    """
    run_prepared(params, f"ref.depthwise_conv2d.{rounding}", lambda params: _prepare(params, rounding))


def _prepare(params: DepthwiseConv2dParams, rounding: Rounding) -> Step:
    scaling = scaling_of(params, rounding)
    window, rows, columns = convolution_window(params)
    weights = params.weights[0, rows, columns]
    by_channel = weights.reshape(-1, weights.shape[2]).T.astype(np.int64)
    bounds = accumulator_range(by_channel, params.input_offset, params.bias)
    zero_point, dtype = -params.input_offset, bounds.dtype
    channels = params.input_shape[3]
    if channels == 1 or weights.size * channels * window.positions <= _SMALL_PRODUCT:
        kernel = ungrouped(weights.transpose(2, 0, 1)[..., None], channels)
        accumulators, accumulate = prepare_dense(window, params.input, kernel, zero_point, dtype)
    else:
        accumulators, accumulate = prepare_channelwise(window, params.input, weights, zero_point, dtype)
    reused = params.cache is not None
    finish = prepare_requantize(scaling, bounds, accumulators, window.cells, params.output, reused)
    return in_turn(accumulate, finish)
