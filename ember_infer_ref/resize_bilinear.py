"""RESIZE_BILINEAR."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.resize_bilinear import Interpolation, interpolation
from ember_infer_ref.blocks import rows_at_once
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.resize_bilinear import ResizeBilinearParams

__all__ = ["resize_bilinear"]

_BITS = 10  # of a weight
_HALF = 1 << (2 * _BITS - 1)


def resize_bilinear(params: ResizeBilinearParams) -> None:
    """RESIZE_BILINEAR. Source: TFLM ``reference_ops::ResizeBilinear`` and ``ResizeBilinearInteger``.

    Raises:
        InvalidShape: nothing was written.
    """
    prepare = _prepare_float32 if params.dtype == np.float32 else _prepare_int8
    run_prepared(params, "ref.resize_bilinear", prepare)


def _along(axis: int, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A vector along an image's axis 1 or 2."""
    return values.reshape(-1, 1, 1) if axis == 1 else values.reshape(-1, 1)


def _prepare_int8(params: ResizeBilinearParams) -> Step:
    """First along the height, then along the width: sums of whole numbers have no order."""
    rows, columns = interpolation(params, 1), interpolation(params, 2)
    parts = _parts(params)

    def between(image: npt.NDArray[Any], axis: int, at: Interpolation) -> npt.NDArray[np.int32]:
        weight = _along(axis, at.fraction)
        lower = image.take(at.lower, axis) * (np.int32(1 << _BITS) - weight)
        upper: npt.NDArray[np.int32] = image.take(at.upper, axis) * weight
        return np.add(lower, upper, out=upper)

    def run() -> None:
        for image, part in parts:
            total = between(between(params.input[image], 1, _part(rows, part)), 2, columns)
            rounded = (np.abs(total) + np.int32(_HALF)) >> 2 * _BITS
            np.copyto(params.output[image, part], np.where(total > 0, rounded, -rounded), casting="unsafe")

    return run


def _parts(params: ResizeBilinearParams) -> list[tuple[slice, slice]]:
    """Images and rows of the output that are computed at once."""
    images, height, width, channels = params.output_shape
    step = rows_at_once(max(width, params.input_shape[2]) * channels)
    return [
        (slice(image, image + 1), slice(row, row + step)) for image in range(images) for row in range(0, height, step)
    ]


def _part(along: Interpolation, part: slice) -> Interpolation:
    return Interpolation(along.lower[part], along.upper[part], along.fraction[part])


def _prepare_float32(params: ResizeBilinearParams) -> Step:
    """In TFLM's order."""
    rows, columns = interpolation(params, 1), interpolation(params, 2)
    right, left = _along(2, columns.fraction), _along(2, np.float32(1) - columns.fraction)
    parts = _parts(params)

    def total(image: npt.NDArray[Any], rows: Interpolation) -> npt.NDArray[Any]:
        up, down = _along(1, rows.fraction), _along(1, np.float32(1) - rows.fraction)
        terms = [
            (rows.lower, columns.lower, down, left),
            (rows.upper, columns.lower, up, left),
            (rows.lower, columns.upper, down, right),
            (rows.upper, columns.upper, up, right),
        ]
        products = (
            image.take(row, 1).take(column, 2) * row_weight * column_weight
            for row, column, row_weight, column_weight in terms
        )
        return functools.reduce(np.add, products)

    def run() -> None:
        with np.errstate(all="ignore"):
            for image, part in parts:
                result = total(params.input[image], _part(rows, part))
                np.copyto(params.output[image, part], result + np.float32(0))  # makes 0 of -0, as TFLM does

    return run
