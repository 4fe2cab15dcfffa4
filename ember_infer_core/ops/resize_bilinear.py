"""RESIZE_BILINEAR: parameters, their preparation, and where along an axis each output element lies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.quantization import INT32_MAX
from ember_infer_core.slots import INT8, AnyArray, DType, Operand, OperatorParams, Role, Shape4, unbound_int8

__all__ = ["Interpolation", "ResizeBilinearParams", "interpolation", "prepare"]

# Of one element, where positions are whole numbers.
_STEPS = 1 << 10


@dataclass(slots=True, kw_only=True, eq=False)
class ResizeBilinearParams(OperatorParams):
    """Between the four nearest pixels of an NHWC image, linear along height and width.

    With ``interpolation`` along both axes, an output pixel is the sum of four pixels, each times the weights of its
    row and of its column. In int8 a weight is in 1/1024, the sum is exact and rounded half away from zero, and no
    quantisation matters. In float32 each step is rounded, in the order lower row and lower column, upper row, upper
    column, both.

    Attributes:
        input_shape: ``(N, H, W, C)``.
        output_shape: ``(N, OH, OW, C)``.
        align_corners: the corners' centres stay where they are.
        half_pixel_centers: a pixel's centre lies half a pixel from its edges, not on one; not with ``align_corners``.
        dtype: int8 or float32.
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT, None), Operand("output", Role.OUTPUT, None))

    input_shape: Shape4
    output_shape: Shape4
    align_corners: bool = False
    half_pixel_centers: bool = False
    dtype: DType = INT8
    input: AnyArray = field(default_factory=unbound_int8, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)


class Interpolation(NamedTuple):
    """For each output element along an axis the two input elements beside it, and how far it lies from the lower.

    ``fraction`` is int32 in 1/1024 or float32. Beyond the ends both elements are the same, and it may be negative or
    more than one.
    """

    lower: AnyArray
    upper: AnyArray
    fraction: AnyArray


def prepare(
    *,
    input_shape: Shape4,
    output_shape: Shape4,
    size: tuple[int, ...],
    align_corners: bool = False,
    half_pixel_centers: bool = False,
    dtype: DType = INT8,
) -> ResizeBilinearParams:
    """The parameters of a call. Source: TFLM ``resize_bilinear.cc`` and ``reference_ops::ResizeBilinearInteger``.

    Args:
        input_shape: see :class:`ResizeBilinearParams`.
        output_shape: likewise.
        size: the operand that says the output's height and width.
        align_corners: see :class:`ResizeBilinearParams`.
        half_pixel_centers: likewise.
        dtype: likewise.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these attributes, or reads outside the input.
    """
    if (input_shape[0], *size, input_shape[3]) != output_shape:
        raise InvalidShape(
            f"an input of shape {list(input_shape)} and the size {list(size[:4])} contradict "
            f"an output of shape {list(output_shape)}"
        )
    if align_corners and half_pixel_centers:
        raise ValueError("align_corners and half_pixel_centers exclude each other")
    params = ResizeBilinearParams(
        input_shape=input_shape,
        output_shape=output_shape,
        align_corners=align_corners,
        half_pixel_centers=half_pixel_centers,
        dtype=dtype,
    )
    for axis, name in ((1, "height"), (2, "width")):
        source, target = input_shape[axis], output_shape[axis]
        if (source + 1) * 2 * _STEPS > INT32_MAX:
            raise Undefined(f"a {name} of {source} overflows TensorFlow Lite Micro's positions in int32")
        if interpolation(params, axis, first=target - 1).lower[-1] >= source:
            raise Undefined(
                f"along the {name}, TensorFlow Lite Micro reads outside its input when it resizes {source} to {target}"
            )
    return params


def interpolation(params: ResizeBilinearParams, axis: int, first: int = 0) -> Interpolation:
    """Along axis 1 or 2, from output element ``first`` on.

    Source: TFLM ``ComputeInterpolationValues`` and ``ComputeInterpolationValuesInteger``.
    """
    size, outputs = params.input_shape[axis], params.output_shape[axis]
    steps, gaps = (size - 1, outputs - 1) if params.align_corners and outputs > 1 else (size, outputs)
    index = np.arange(first, outputs)
    positions = _real_positions if params.dtype == np.float32 else _whole_positions
    return positions(params.half_pixel_centers, size, steps, gaps, index)


def _whole_positions(half_pixel: bool, size: int, steps: int, gaps: int, index: AnyArray) -> Interpolation:
    """Positions in 1/1024."""
    scale = (_STEPS * steps + gaps // 2) // gaps
    position = index * scale + (scale // 2 - _STEPS // 2 if half_pixel else 0)
    lower = np.maximum(position // _STEPS, 0)
    upper = np.minimum((position + _STEPS - 1) // _STEPS, size - 1)
    return Interpolation(lower, upper, (position - _STEPS * lower).astype(np.int32))


def _real_positions(half_pixel: bool, size: int, steps: int, gaps: int, index: AnyArray) -> Interpolation:
    scale: Any = np.float32(steps) / np.float32(gaps)
    position = index.astype(np.float32)
    half = np.float32(0.5)
    position = (position + half) * scale - half if half_pixel else position * scale
    lower = np.maximum(np.floor(position).astype(np.int64), 0)
    upper = np.minimum(np.ceil(position).astype(np.int64), size - 1)
    return Interpolation(lower, upper, position - lower.astype(np.float32))
