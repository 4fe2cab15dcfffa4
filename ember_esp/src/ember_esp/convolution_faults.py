"""Faults of ESP-NN's convolutions, by their names: where one image meets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ember_esp.geometry import Geometry
from ember_esp.scratch import S3_WHOLE_INT16_INPUT

if TYPE_CHECKING:
    from ember_esp.placement import Spot
    from ember_esp.routes import Route
    from ember_esp.target import Target
    from ember_infer_core import Conv2dParams, DepthwiseConv2dParams

__all__ = ["conv2d", "depthwise_conv2d"]

_MOST_P4_CHANNELS = 256
_CONVERTED_BY_VECTORS = 32


def conv2d(target: Target, params: Conv2dParams, route: Route, spot: Spot) -> Iterator[str]:
    """Of the general convolution."""
    if route.kernel == "ansi":
        return
    g = Geometry.of(params)
    if params.groups > 1:
        if (route.kernel == "generic" and g.is_1x1) or (target.chip == "esp32p4" and _is_read_whole_by_p4(g)):
            yield "groups"
    elif target.chip == "esp32p4":
        if g.is_direct and g.total_padding[0] == 1 and g.filter_height != 3:
            yield "p4-last-row"
    elif target.chip == "esp32s3":
        yield from _s3_conv2d(g, spot)


def _is_read_whole_by_p4(g: Geometry) -> bool:
    """Whether the ESP32-P4's kernel reads weights as deep as the image; the others leave groups to the ANSI C one."""
    if g.is_direct:
        return False
    goes_to_generic = not g.is_pointwise and not g.padded and g.window < 16
    return g.is_1x1 or not goes_to_generic


def _s3_conv2d(g: Geometry, spot: Spot) -> Iterator[str]:
    if g.is_pointwise:
        if g.channels % 8 == 0 and not spot.inputs_start_at(8):
            yield "misaligned-input"
    elif g.is_im2col:
        if _is_thought_inside(g):
            yield "narrow-input"
    elif g.padded and _reads_beyond_padding(g):
        yield "odd-padding"


def _reads_beyond_padding(g: Geometry) -> bool:
    """Whether a window reaches beyond an image that is padded by as much after it as before it.

    One column too many is where the next row begins: with its padding, which does no harm, unless there is no next row.
    """
    rows, columns = g.total_padding
    reaches_last_row = (g.output_height - 1) * g.stride_h + g.filter_height >= g.height + 2 * g.pad_h
    return rows % 2 == 1 or (columns % 2 == 1 and (g.pad_w == 0 or reaches_last_row))


def _is_thought_inside(g: Geometry) -> bool:
    """Whether the kernel takes a window that is larger than the image for one that lies inside it.

    The last such window is computed by a division that C truncates towards zero, where it should round down.
    """
    rows = _inside(g.height, g.filter_height, g.stride_h, g.pad_h, g.output_height)
    columns = _inside(g.width, g.filter_width, g.stride_w, g.pad_w, g.output_width)
    larger = (g.height < g.filter_height and g.pad_h == 0) or (g.width < g.filter_width and g.pad_w == 0)
    return larger and rows > 0 and columns > 0


def _inside(size: int, taps: int, stride: int, pad: int, outputs: int) -> int:
    """How many windows along one axis the kernel takes for ones inside."""
    room = size - taps + pad
    end = (room // stride if room >= 0 else -(-room // stride)) + 1
    return min(end, outputs) - min(-(-pad // stride), outputs)


def depthwise_conv2d(target: Target, params: DepthwiseConv2dParams, route: Route, spot: Spot) -> Iterator[str]:
    """Of the depthwise convolution."""
    g = Geometry.of(params)
    if route.kernel != "chip":
        return
    if target.chip == "esp32p4":
        drops_something = params.bias is not None or params.input_offset != 0
        if g.depth_multiplier == 1 and g.channels > _MOST_P4_CHANNELS and drops_something:
            yield "p4-depthwise"
        return
    if g.depth_multiplier == 1 and g.channels % 8 == 0:
        yield from _s3_of_eights(g, params, spot)
    elif g.depth_multiplier % 4 == 0:
        yield from _alignment(spot, _converted_at(g), output_at=8 if g.depth_multiplier % 8 == 0 else 1)


def _s3_of_eights(g: Geometry, params: DepthwiseConv2dParams, spot: Spot) -> Iterator[str]:
    """One output for each input, channels a multiple of 8."""
    if not g.is_3x3:
        in_rows = 2 * (g.filter_height * g.row + g.pixels * g.channels) > S3_WHOLE_INT16_INPUT
        if in_rows and g.total_padding[0] > 0 and params.input_offset != 0:
            yield "padding-rows"
        yield from _alignment(spot, 1 if in_rows else _converted_at(g), output_at=8)
    elif g.channels < 12:
        yield from _alignment(spot, _converted_at(g), output_at=8)
    else:
        if params.bias is None:
            yield "no-bias"
        if g.channels % 16 == 0 and g.pad_h == g.pad_w <= 1:
            reads_where_it_lies = not g.padded and g.end_reach == (0, 0)
            yield from _alignment(spot, input_at=16 if reads_where_it_lies else 1, output_at=16)


def _converted_at(g: Geometry) -> int:
    """Where an image must start that is converted to int16: below 32 bytes that is done one by one."""
    return 16 if g.pixels * g.channels >= _CONVERTED_BY_VECTORS else 1


def _alignment(spot: Spot, input_at: int, output_at: int) -> Iterator[str]:
    if not spot.inputs_start_at(input_at):
        yield "misaligned-input"
    if not spot.output_starts_at(output_at):
        yield "misaligned-output"
