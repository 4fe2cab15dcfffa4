"""The one place where ESP-NN rounds otherwise on purpose: pointwise convolutions of a SKIP_NUDGE build."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ember_esp.geometry import Geometry
from ember_esp.placement import spot_of, spots
from ember_esp.routes import route
from ember_infer_core.fixed_point import wrap_int32

if TYPE_CHECKING:
    from ember_esp.target import Target
    from ember_infer_core import Conv2dParams

__all__ = ["multiply_without_nudge", "prepare_positions_without_nudge", "vector_positions"]

_VECTOR_PIXELS = 8


def multiply_without_nudge(
    x: npt.NDArray[np.int64], multiplier: npt.NDArray[np.int32], shift: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64]:
    """``MultiplyByQuantizedMultiplier`` whose high product is floored instead of rounded.

    Args:
        x: int32 values.
        multiplier, shift: broadcast against ``x``; a positive shift is to the left.
    """
    wide_shift = shift.astype(np.int64)
    right = np.maximum(-wide_shift, 0)
    shifted = wrap_int32(x << np.maximum(wide_shift, 0))
    high = (shifted * multiplier.astype(np.int64)) >> 31
    nudged = high + ((np.int64(1) << right) >> 1) - (high < 0)
    scaled: npt.NDArray[np.int64] = np.where(right > 0, nudged >> right, high)
    return scaled


def vector_positions(target: Target, params: Conv2dParams) -> list[slice]:
    """The output positions, numbered through the batch, that the vector kernel computes; the rest is exact.

    Empty unless the convolution is pointwise, ungrouped and its input channels are a multiple of 8. Which images go to
    the chip's kernel is the driver's to say.
    """
    g = Geometry.of(params)
    if not g.is_pointwise or g.channels % 8 or params.groups > 1:
        return []
    count = g.pixels // _VECTOR_PIXELS * _VECTOR_PIXELS
    repeating = list(spots(params, spot_of(params)))
    vectors = [route(target, "conv2d", params, spot).kernel == "chip" for spot in repeating]
    images = [image for image in range(params.input_shape[0]) if vectors[image % len(vectors)]]
    return [slice(image * g.pixels, image * g.pixels + count) for image in images if count]


def prepare_positions_without_nudge(params: Conv2dParams, positions: list[slice]) -> Callable[[], None]:
    """The step that computes these positions of a pointwise convolution and writes them over the exact ones."""
    channels_in, channels_out = params.input_shape[3], params.output_shape[3]
    source, output = params.input.reshape(-1, channels_in), params.output.reshape(-1, channels_out)
    # Products and sums of int8 values are exact in float64, in any order.
    factors = np.ascontiguousarray(params.weights.reshape(channels_out, channels_in).T, np.float64)
    bias = np.zeros(channels_out, np.int64) if params.bias is None else params.bias.astype(np.int64)
    multiplier, shift = params.output_multiplier, params.output_shift
    input_offset, output_offset = params.input_offset, params.output_offset
    low, high = params.activation_min, params.activation_max

    def run() -> None:
        for part in positions:
            sums = (source[part].astype(np.float64) + input_offset) @ factors
            scaled = multiply_without_nudge(wrap_int32(sums.astype(np.int64) + bias), multiplier, shift)
            output[part] = np.clip(wrap_int32(scaled + output_offset), low, high)

    return run
