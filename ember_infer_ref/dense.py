"""Convolution sums over all channels, by matrix products in floating point that are exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.common import Int8Array
from ember_infer_ref.affine import FloatType
from ember_infer_ref.plan import Step
from ember_infer_ref.planes import Planes, Window
from ember_infer_ref.requantize import Accumulators

__all__ = ["prepare_dense"]

# With so few input channels, copying patches pixel by pixel costs more than laying the channels out one by one.
_NARROW = 4


def prepare_dense(
    window: Window, source: Int8Array, weights: Int8Array, padding: int, dtype: FloatType
) -> tuple[Accumulators, Step]:
    """The step that fills accumulators with the sums of raw inputs times weights, a row for each of the positions.

    Args:
        window: of the convolution.
        source: int8 ``(N, H, W, C_in)``.
        weights: ``(C_out, KH, KW, C_in)``.
        padding: the input's zero point.
        dtype: one in which the sums are exact.
    """
    kernel = np.ascontiguousarray(weights.transpose(1, 2, 3, 0), dtype)
    accumulators = Accumulators(window.positions, kernel.shape[3], dtype)
    sums = accumulators.rows[: window.positions]
    prepare = _by_patches if kernel.shape[2] <= _NARROW and kernel.shape[:2] != (1, 1) else _by_strips
    return accumulators, prepare(window, source, kernel, padding, sums)


def _by_patches(
    window: Window, source: Int8Array, kernel: npt.NDArray[Any], padding: int, sums: npt.NDArray[Any]
) -> Step:
    """One product with the matrix of all patches, a patch in each column."""
    height, width, channels_in, channels_out = kernel.shape
    planes = Planes(window, source, kernel.dtype, padding, planar=True)
    patches = np.empty((height, width, channels_in, window.positions), kernel.dtype)
    copies = [(patches[i, j], planes.tap(i, j)) for i in range(height) for j in range(width)]
    matrix = patches.reshape(-1, window.positions).T
    factors = kernel.reshape(-1, channels_out)

    def accumulate() -> None:
        planes.load()
        for patch, tap in copies:
            np.copyto(patch, tap)
        np.matmul(matrix, factors, out=sums)

    return accumulate


def _by_strips(
    window: Window, source: Int8Array, kernel: npt.NDArray[Any], padding: int, sums: npt.NDArray[Any]
) -> Step:
    """One product for each row of the kernel; the rows share strips, which hold what one row of taps sees."""
    planes = Planes(window, source, kernel.dtype, padding)
    strips, copies = _strips(window, planes, kernel.shape[1])
    products = []
    for row_tap, factors in enumerate(kernel):
        index, down = window.rows.place(row_tap)
        start = down * window.columns.plane_size
        products.append((strips[index, start : start + window.positions], factors.reshape(-1, kernel.shape[3])))
    (first, first_factors), *others = products
    product = np.empty_like(sums) if others else sums

    def accumulate() -> None:
        planes.load()
        for strip, tap in copies:
            np.copyto(strip, tap)
        np.matmul(first, first_factors, out=sums)
        for matrix, factors in others:
            np.matmul(matrix, factors, out=product)
            np.add(sums, product, out=sums)

    return accumulate


def _strips(
    window: Window, planes: Planes, kernel_width: int
) -> tuple[npt.NDArray[Any], list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]]:
    """For each row phase, what a row of taps sees from each pixel ``(pixels, KW * C)``, and the copies to fill it."""
    if kernel_width == 1:
        return planes.data[:, 0], []
    phases, _, pixels, channels = planes.data.shape
    strips = np.zeros((phases, pixels, kernel_width, channels), planes.data.dtype)
    copies = []
    for column_tap in range(kernel_width):
        index, right = window.columns.place(column_tap)
        copies.append((strips[:, : pixels - right, column_tap], planes.data[:, index, right:]))
    return strips.reshape(phases, pixels, -1), copies
