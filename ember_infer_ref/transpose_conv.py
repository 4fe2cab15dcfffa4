"""TRANSPOSE_CONV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.sums import sum_ranges
from ember_infer_core.slots import Int32Array
from ember_infer_ref.affine import Int64Array
from ember_infer_ref.dense import quiet_blas, row_blocks
from ember_infer_ref.plan import Step, in_turn, run_prepared
from ember_infer_ref.requantize import AccumulatorRange, Accumulators, prepare_requantize, scaling_of

if TYPE_CHECKING:
    from ember_infer_core.ops.transpose_conv import TransposeConvParams

__all__ = ["transpose_conv"]


def transpose_conv(params: TransposeConvParams) -> None:
    """TRANSPOSE_CONV. Source: TFLM ``reference_integer_ops::TransposeConv``.

    Raises:
        InvalidShape, UnsupportedActivation: nothing was written.
    """
    run_prepared(params, "ref.transpose_conv", _prepare)


def _prepare(params: TransposeConvParams) -> Step:
    scaling = scaling_of(params, "double")
    bounds = _range(params.weights.astype(np.int64), params.input_offset, params.bias)
    batch, height, width, channels = params.output_shape
    positions = batch * height * width
    accumulators = Accumulators(positions, channels, bounds.dtype)
    accumulate = _scatter(params, accumulators.rows[:positions].reshape(params.output_shape))

    def cells(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows[:positions].reshape(-1)

    reused = params.cache is not None
    return in_turn(accumulate, prepare_requantize(scaling, bounds, accumulators, cells, params.output, reused))


def _range(weights: Int64Array, input_offset: int, bias: Int32Array | None) -> AccumulatorRange:
    """What the sums of inputs less their zero point can come to. Not every tap reaches every pixel, but 0 is among the
    differences, so that fewer taps reach no further than all.
    """
    rows = weights.reshape(len(weights), -1)
    lowest, highest = input_offset - 128, input_offset + 127
    low, high = sum_ranges(rows, lowest, highest)
    missing = np.zeros_like(low) if bias is None else bias.astype(np.int64)
    farthest = max(-lowest, highest)
    return AccumulatorRange(missing, low, high, int(farthest * np.abs(rows).sum(1).max(initial=0)))


def _scatter(params: TransposeConvParams, sums: npt.NDArray[Any]) -> Step:
    """The step that fills the output's accumulators: for each tap a product of all pixels, added where it falls."""
    batch, height, width, channels_in = params.input_shape
    factors = np.ascontiguousarray(params.weights.transpose(1, 2, 3, 0), sums.dtype)
    pixels = np.empty((batch * height * width, channels_in), sums.dtype)
    product = np.empty((len(pixels), params.weights_shape[0]), sums.dtype)
    image = product.reshape(batch, height, width, -1)
    blocks = [(pixels[block], product[block]) for block in row_blocks(len(pixels), factors[0, 0])]
    taps = []
    for row, column in np.ndindex(factors.shape[:2]):
        from_y, to_y = _landing(height, params.output_shape[1], params.stride_h, row - params.pad_h)
        from_x, to_x = _landing(width, params.output_shape[2], params.stride_w, column - params.pad_w)
        landed = sums[:, to_y, to_x]
        if landed.size:
            taps.append((factors[row, column], image[:, from_y, from_x], landed))
    source, offset = params.input.reshape(pixels.shape), sums.dtype.type(params.input_offset)

    def accumulate() -> None:
        np.add(source, offset, out=pixels, dtype=pixels.dtype)
        sums.fill(0)
        for matrix, seen, landed in taps:
            with quiet_blas():
                for rows, result in blocks:
                    np.matmul(rows, matrix, out=result)
            np.add(landed, seen, out=landed)

    return accumulate


def _landing(size: int, output_size: int, stride: int, offset: int) -> tuple[slice, slice]:
    """Which elements of an axis fall on the output, at ``element * stride + offset``, and on which of its elements."""
    first = max(0, -(offset // stride))
    last = min(size - 1, (output_size - 1 - offset) // stride)
    count = max(0, last - first + 1)
    start = first * stride + offset
    return slice(first, first + count), slice(start, start + (count - 1) * stride + 1 if count else start, stride)
