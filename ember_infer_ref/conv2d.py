"""CONV_2D."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_ref.channelwise import prepare_channelwise
from ember_infer_ref.dense import prepare_dense, ungrouped
from ember_infer_ref.plan import Step, in_turn, run_prepared
from ember_infer_ref.planes import convolution_window
from ember_infer_ref.requantize import Rounding, accumulator_range, prepare_requantize, scaling_of

if TYPE_CHECKING:
    from ember_infer_core.ops.conv2d import Conv2dParams

__all__ = ["conv2d"]


def conv2d(params: Conv2dParams, rounding: Rounding) -> None:
    """CONV_2D, grouped or not. Source: TFLM ``reference_integer_ops::ConvPerChannel``.

    Raises:
        InvalidShape, UnsupportedActivation: nothing was written.
    """
    run_prepared(params, f"ref.conv2d.{rounding}", lambda params: _prepare(params, rounding))


def _prepare(params: Conv2dParams, rounding: Rounding) -> Step:
    scaling = scaling_of(params, rounding)
    window, rows, columns = convolution_window(params)
    weights = params.weights[:, rows, columns]
    bounds = accumulator_range(weights.reshape(len(weights), -1).astype(np.int64), params.input_offset, params.bias)
    zero_point, dtype = -params.input_offset, bounds.dtype
    if params.groups > 1 and weights.shape[3] == 1:
        kernel = weights[..., 0].transpose(1, 2, 0)
        accumulators, accumulate = prepare_channelwise(window, params.input, kernel, zero_point, dtype)
    else:
        kernel = ungrouped(weights, params.groups)
        accumulators, accumulate = prepare_dense(window, params.input, kernel, zero_point, dtype)
    reused = params.cache is not None
    finish = prepare_requantize(scaling, bounds, accumulators, window.cells, params.output, reused)
    return in_turn(accumulate, finish)
