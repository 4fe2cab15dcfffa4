"""Bytes of scratch that ESP-NN's kernels ask for, by chip and version.

Source: ``esp_nn_get_conv_scratch_size_*``, ``esp_nn_get_depthwise_conv_scratch_size_*`` and
``esp_nn_get_softmax_scratch_size_*`` of the component's version. What the kernels write to, which need not be the same,
is in :mod:`ember_esp.touched`, whose formulas are kept apart from these on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ember_esp.geometry import Geometry, round_up

if TYPE_CHECKING:
    from ember_esp.target import Chip

__all__ = [
    "FORMULAS",
    "P4_CACHE_BUDGET",
    "S3_WHOLE_INT16_INPUT",
    "S3_WHOLE_PADDED_INPUT",
    "SCRATCH_ALIGNMENT",
    "ScratchFormulas",
    "scratch_size",
]

SCRATCH_ALIGNMENT = 16

# ESP32-S3, depthwise: up to so many bytes the padded input is laid out whole (int8), or the input converted whole
# (int16); a larger one is worked off in rows.
S3_WHOLE_PADDED_INPUT = 40 * 1024
S3_WHOLE_INT16_INPUT = 48 * 1024
P4_CACHE_BUDGET = 32 * 1024
_LOGISTIC_TABLE = 256


@dataclass(frozen=True, slots=True)
class ScratchFormulas:
    """What the kernels of one version on one chip ask for."""

    conv2d: Callable[[Geometry], int]
    depthwise_conv2d: Callable[[Geometry], int]
    softmax: Callable[[int], int]
    hard_swish: int = 0
    logistic: int = _LOGISTIC_TABLE


def scratch_size(kernel_size: int) -> int:
    """Bytes to reserve for a kernel: 16 more than it asks for, so that a base can be aligned; nothing for nothing."""
    return kernel_size + SCRATCH_ALIGNMENT if kernel_size > 0 else 0


def _softmax(num_classes: int) -> int:
    return 4 * num_classes


def _pointwise(g: Geometry, margin: int) -> int:
    """A copy of the weights, of the input if its channels must be filled up, and eight pixels transposed twice."""
    channels = round_up(g.channels, 8)
    filled_up = 0 if g.channels % 8 == 0 else g.pixels * channels
    transposed = 16 * channels if g.pixels >= 8 else 0
    return filled_up + channels * g.output_channels + transposed + margin


def _s3_conv2d(g: Geometry) -> int:
    sums = 4 * g.output_channels
    if g.is_pointwise:
        return _pointwise(g, 64)
    if g.is_im2col:
        window = round_up(g.window, 16)
        return sums + 16 + g.output_channels * window + 16 + window + 64
    padded = (g.height + 2 * g.pad_h) * (g.width + 2 * g.pad_w) * g.channels if g.padded else 0
    weights = g.filter_width * g.filter_height * round_up(g.channels, 16) * g.output_channels
    weight_rows = round_up(g.row, 16) * g.filter_height * g.output_channels
    rows, columns = (max(0, reach) for reach in g.end_reach)
    extended = (g.height + rows) * (g.width + columns) * g.channels if rows or columns else 0
    return padded + weights + weight_rows + extended + 64 + sums


def _s3_depthwise_conv2d(g: Geometry) -> int:
    weights = g.filter_width * g.filter_height * g.output_channels
    as_int16 = 2 * (weights + g.pixels * g.channels)
    if g.depth_multiplier == 1 and g.channels % 8 == 0:
        if not g.is_3x3:
            rows = 2 * (weights + g.width * g.filter_height * g.channels)
            return (as_int16 if as_int16 <= S3_WHOLE_INT16_INPUT else rows) + 32
        if g.channels % 16 == 0:
            return _s3_depthwise_int8(g, weights)
        return _s3_depthwise_filled_up(g) if g.channels >= 12 else as_int16 + 32
    if g.depth_multiplier == 1 and g.channels > 3:
        return _s3_depthwise_few_channels(g)
    return as_int16 + 32 if g.depth_multiplier % 4 == 0 else 32


def _s3_depthwise_int8(g: Geometry, weights: int) -> int:
    """3x3, channels a multiple of 16: int8 throughout."""
    rows, columns = (2 * g.pad_h, 2 * g.pad_w) if g.padded else g.end_reach
    if rows == columns == 0:
        return weights + 16
    whole = (g.height + rows) * (g.width + columns) * g.channels
    one_window = (g.width + columns) * g.filter_height * g.channels
    return weights + (whole if whole <= S3_WHOLE_PADDED_INPUT else one_window) + 16


def _s3_depthwise_filled_up(g: Geometry) -> int:
    """3x3, channels an odd multiple of 8: filled up to a multiple of 16."""
    channels = round_up(g.channels, 16)
    rows, columns = (max(0, reach) for reach in g.end_reach)
    padded = (g.height + 2 * g.pad_h + rows) * (g.width + 2 * g.pad_w + columns) * channels
    return 9 * channels + padded + g.output_height * g.output_width * channels + 64


def _s3_depthwise_few_channels(g: Geometry) -> int:
    """Channels no multiple of 8: filled up, in int16, with biases, shifts and multipliers to match."""
    channels = round_up(g.channels, 8)
    weights = round_up(2 * g.filter_width * g.filter_height * channels, 16)
    inputs = round_up(weights + 2 * g.pixels * channels, 16)
    outputs = round_up(inputs + g.output_height * g.output_width * channels, 16)
    return outputs + 12 * channels + 16


def _p4_conv2d(g: Geometry) -> int:
    sums = 4 * g.output_channels
    if g.is_pointwise:
        return 20 * g.output_channels + 64 if g.channels < 16 else _pointwise(g, 32)
    if not g.padded and g.row >= 16:
        return g.filter_width * g.filter_height * round_up(g.channels, 16) * g.output_channels + sums + 32
    if g.window >= 16:
        return sums + g.window + 32
    return _p4_small_window(g, sums)


def _p4_small_window(g: Geometry, sums: int) -> int:
    """A window of fewer than 16 bytes."""
    channels = round_up(-(-16 // g.filter_width), 16)
    weights = g.filter_width * g.filter_height * channels * g.output_channels
    if not g.padded:
        return sums + weights + g.pixels * channels + 32
    padded_width = g.width + 2 * g.pad_w
    whole = padded_width * (g.height + 2 * g.pad_h) * g.channels
    if whole + sums <= P4_CACHE_BUDGET:
        full_depth = g.filter_width * g.filter_height * round_up(g.channels, 16) * g.output_channels
        return whole + full_depth + 32 + sums
    row = padded_width * channels
    budget = P4_CACHE_BUDGET - sums - weights
    output_rows = 1
    if budget > 0 and g.filter_height * row <= budget:
        output_rows = min((budget - g.filter_height * row) // (g.stride_h * row) + 1, g.output_height)
    return ((output_rows - 1) * g.stride_h + g.filter_height + 2 * g.pad_h) * row + weights + 32 + sums


def _none(g: Geometry) -> int:
    return 0


_GENERIC = ScratchFormulas(_none, _none, _softmax)

FORMULAS: Mapping[tuple[Chip, str], ScratchFormulas] = {
    ("esp32", "1.2.3"): _GENERIC,
    ("esp32c3", "1.2.3"): _GENERIC,
    ("esp32s3", "1.2.3"): ScratchFormulas(_s3_conv2d, _s3_depthwise_conv2d, _softmax, hard_swish=512),
    ("esp32p4", "1.2.3"): ScratchFormulas(_p4_conv2d, _none, _softmax),
}
