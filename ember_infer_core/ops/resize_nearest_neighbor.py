"""RESIZE_NEAREST_NEIGHBOR: parameters, their preparation, and the pixels that are copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.slots import (
    AnyArray,
    DType,
    Operand,
    OperatorParams,
    Role,
    Shape4,
    check_buffers,
    unbound_int8,
)

__all__ = [
    "ResizeNearestNeighborParams",
    "copy_pixels",
    "nearest",
    "pixels",
    "prepare",
    "resize_nearest_neighbor",
]


@dataclass(slots=True, kw_only=True, eq=False)
class ResizeNearestNeighborParams(OperatorParams):
    """Each pixel of the output is one of the input's, NHWC.

    Attributes:
        input_shape, output_shape: of as many images with as many channels.
        dtype: of input and output.
        align_corners, half_pixel_centers: how places in the output are places in the input; see ``nearest``.
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT, None), Operand("output", Role.OUTPUT, None))

    input_shape: Shape4
    output_shape: Shape4
    dtype: DType
    align_corners: bool = False
    half_pixel_centers: bool = False
    input: AnyArray = field(default_factory=unbound_int8, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)


def prepare(
    *,
    input_shape: Shape4,
    output_shape: Shape4,
    size: Sequence[int],
    dtype: DType,
    align_corners: bool = False,
    half_pixel_centers: bool = False,
) -> ResizeNearestNeighborParams:
    """The parameters of a call. Source: TFLM ``ResizeNearestNeighborPrepare``.

    Args:
        size: height and width; must be the output's.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses the call.
    """
    if len(size) != 2:
        raise ValueError(f"its size has {len(size)} elements, and 2 are wanted")
    wanted = (input_shape[0], *size, input_shape[3])
    if output_shape != wanted:
        raise InvalidShape(f"the output has shape {list(output_shape)}, not {list(wanted)}")
    return ResizeNearestNeighborParams(
        input_shape=input_shape,
        output_shape=output_shape,
        dtype=dtype,
        align_corners=align_corners,
        half_pixel_centers=half_pixel_centers,
    )


def nearest(input_size: int, output_size: int, align_corners: bool, half_pixel_centers: bool) -> Int64Array:
    """For each index along an axis of the output the input's, in float32. Source: TFLM ``GetNearestNeighbor``.

    Args:
        input_size, output_size: of the axis.
        align_corners: the outermost pixels lie upon each other, and places are rounded, not cut off.
        half_pixel_centers: a pixel's place is its middle, not its corner.
    """
    aligned = align_corners and output_size > 1
    numerator, denominator = (input_size - 1, output_size - 1) if aligned else (input_size, output_size)
    scale = np.float32(numerator) / np.float32(denominator)
    offset = np.float32(0.5 if half_pixel_centers else 0.0)
    places = ((np.arange(output_size, dtype=np.int32).astype(np.float32) + offset) * scale).astype(np.float64)
    indices = np.floor(places + 0.5 if align_corners else places).astype(np.int64)  # no place is below 0
    return np.minimum(indices, input_size - 1)


def pixels(params: ResizeNearestNeighborParams) -> Int64Array:
    """For each pixel of an output image the number of the input image's, both row by row."""
    _, height, width, _ = params.input_shape
    _, output_height, output_width, _ = params.output_shape
    flags = params.align_corners, params.half_pixel_centers
    rows, columns = nearest(height, output_height, *flags), nearest(width, output_width, *flags)
    return (rows[:, None] * width + columns).reshape(-1)


def resize_nearest_neighbor(params: ResizeNearestNeighborParams) -> None:
    """Carries out the call.

    Raises:
        InvalidShape: a buffer is not what the parameters say; nothing was written.
    """
    check_buffers(params)
    copy_pixels(params, pixels(params))


def copy_pixels(params: ResizeNearestNeighborParams, chosen: Int64Array) -> None:
    """Copies these pixels, of :func:`pixels`."""
    images, _, _, channels = params.input_shape
    output = params.output.reshape(images, -1, channels)
    # No pixel is out of range; "clip" spares a copy of the output.
    params.input.reshape(images, -1, channels).take(chosen, axis=1, out=output, mode="clip")
