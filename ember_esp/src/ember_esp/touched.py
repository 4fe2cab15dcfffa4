"""Bytes of scratch that ESP-NN's kernels really write to, where that can be more than is reserved for them.

Source: the kernels' layouts. The ESP-NN functions that :mod:`ember_esp.scratch` follows ask for more or, in a few
cases, for less. Formulas that look alike in both are written twice on purpose: one follows what ESP-NN asks for, the
other what its kernels do, and where the two part is a fault; either may change with a version without the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_esp.geometry import Geometry, round_up
from ember_esp.scratch import P4_CACHE_BUDGET, S3_WHOLE_INT16_INPUT, S3_WHOLE_PADDED_INPUT

if TYPE_CHECKING:
    from ember_esp.target import Chip

__all__ = ["conv2d_touches", "depthwise_conv2d_touches"]


def conv2d_touches(chip: Chip, g: Geometry) -> int:
    """From the start of the scratch to the last byte that the chip's convolution writes."""
    return _s3_conv2d(g) if chip == "esp32s3" else _p4_conv2d(g) if chip == "esp32p4" else 0


def depthwise_conv2d_touches(chip: Chip, g: Geometry) -> int:
    """As :func:`conv2d_touches`."""
    return _s3_depthwise_conv2d(g) if chip == "esp32s3" else 0


def _s3_conv2d(g: Geometry) -> int:
    sums = 4 * g.output_channels
    if g.is_pointwise:
        return 128 * (g.channels // 8) if g.pixels >= 8 else 0
    if g.is_im2col:
        window = round_up(g.window, 16)
        return round_up(sums, 16) + (g.output_channels + 1) * window
    # Filters are copied unless their rows and they themselves are aligned; that they are nobody promises.
    weights = round_up(g.row, 16) * g.filter_height * g.output_channels
    if g.padded:
        image = (g.height + 2 * g.pad_h) * (g.width + 2 * g.pad_w) * g.channels
    else:
        rows, columns = (max(0, reach) for reach in g.end_reach)
        image = (g.height + rows) * (g.width + columns) * g.channels if rows or columns else 0
    return weights + image + sums


def _s3_depthwise_conv2d(g: Geometry) -> int:
    weights = g.filter_width * g.filter_height * g.output_channels
    # What comes after the weights starts at a multiple of 16, and never right after them.
    after_weights = weights + 16 - weights % 16
    whole = 2 * (after_weights + g.pixels * g.channels)
    if g.depth_multiplier == 1 and g.channels % 8 == 0:
        if not g.is_3x3:
            if 2 * (weights + g.pixels * g.channels) <= S3_WHOLE_INT16_INPUT:
                return whole
            return 2 * (after_weights + g.width * g.filter_height * g.channels)
        return _s3_depthwise_3x3(g, weights, after_weights) if g.channels >= 12 else whole
    if g.depth_multiplier == 1 and g.channels > 3:
        return _s3_depthwise_few_channels(g)
    return whole if g.depth_multiplier % 4 == 0 else 0


def _s3_depthwise_3x3(g: Geometry, weights: int, after_weights: int) -> int:
    if g.channels % 16 == 0 and g.pad_h == g.pad_w == 1:
        padded = (g.height + 2) * (g.width + 2) * g.channels
        return after_weights + (padded if padded <= S3_WHOLE_PADDED_INPUT else 3 * (g.width + 2) * g.channels)
    if g.channels % 16 == 0 and not g.padded:
        rows, columns = g.end_reach
        if rows == columns == 0:
            return weights
        return after_weights + (g.height + rows) * (g.width + columns) * g.channels
    channels = round_up(g.channels, 16)
    rows, columns = (
        size + 2 * pad + max(0, reach - 2 * pad)
        for size, pad, reach in zip((g.height, g.width), (g.pad_h, g.pad_w), g.end_reach, strict=True)
    )
    return 9 * channels + 16 + rows * columns * channels + g.output_height * g.output_width * channels


def _s3_depthwise_few_channels(g: Geometry) -> int:
    channels = round_up(g.channels, 8)
    weights = round_up(2 * g.filter_width * g.filter_height * channels, 16)
    inputs = round_up(weights + 2 * g.pixels * channels, 16)
    return round_up(inputs + g.output_height * g.output_width * channels, 16) + 12 * channels


def _p4_conv2d(g: Geometry) -> int:
    sums = 4 * g.output_channels
    if g.is_pointwise or (not g.padded and g.row >= 16):
        return sums
    if g.window >= 16:
        return sums + g.window
    return _p4_first_layer(g, sums) if g.padded else 0


def _p4_first_layer(g: Geometry, sums: int) -> int:
    """Windows of under 16 bytes: weights and rows of the image are filled up to channels of the vector unit's width."""
    channels = round_up(-(-16 // g.filter_width), 16)
    filled_up = sums + g.filter_width * g.filter_height * channels * g.output_channels
    row = (g.width + 2 * g.pad_w) * channels
    output_rows = g.output_height
    budget = P4_CACHE_BUDGET - filled_up
    if row * (g.height + 2 * g.pad_h) > budget and g.filter_height * row <= budget:
        output_rows = min((budget - g.filter_height * row) // (g.stride_h * row) + 1, g.output_height)
    return filled_up + ((output_rows - 1) * g.stride_h + g.filter_height + g.pad_h) * row
