"""Convolution sums over all channels, by matrix products in floating point that are exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from ember_infer_core.slots import Int8Array
from ember_infer_ref.affine import FloatType
from ember_infer_ref.plan import Step
from ember_infer_ref.planes import Planes, Window
from ember_infer_ref.requantize import Accumulators

__all__ = ["prepare_dense", "quiet_blas", "row_blocks", "ungrouped"]

# With so few input channels, copying patches pixel by pixel costs more than laying the channels out one by one; but all
# patches together must not take more than so many elements.
_NARROW = 4
_PATCH_ELEMENTS = 2**22

# OpenBLAS multiplies matrices at once, without packing them and on the calling thread, up to a million multiplications.
# Beyond, it wakes threads for a few dozen microseconds of work, and on a busy machine waits milliseconds for them.
_PRODUCT_SIZE = 900_000
_PRODUCT_ROWS = 48


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
    height, width, channels, _ = kernel.shape
    narrow = channels <= _NARROW and 1 < height * width <= _PATCH_ELEMENTS // (channels * window.positions)
    prepare = _by_patches if narrow else _by_strips
    return accumulators, prepare(window, source, kernel, padding, sums)


def _by_patches(
    window: Window, source: Int8Array, kernel: npt.NDArray[Any], padding: int, sums: npt.NDArray[Any]
) -> Step:
    """One product with the matrix of all patches, a patch in each column."""
    height, width, channels_in, channels_out = kernel.shape
    planes = Planes(window, source, kernel.dtype, padding, planar=True)
    patches = np.empty((height * width, channels_in, window.positions), kernel.dtype)
    copies, factors, done = [], [], 0
    for rows in window.rows.runs:
        for columns in window.columns.runs:
            seen = planes.taps(rows, columns)
            count = len(rows.taps) * len(columns.taps)
            copies.append((patches[done : done + count].reshape(seen.shape), seen))
            factors.append(kernel[np.ix_(rows.taps, columns.taps)].reshape(-1, channels_out))
            done += count
    matrix, all_factors = patches.reshape(-1, window.positions).T, np.concatenate(factors)
    products = [(matrix[block], sums[block]) for block in row_blocks(len(sums), all_factors)]

    def accumulate() -> None:
        planes.load()
        for patch, tap in copies:
            np.copyto(patch, tap)
        with quiet_blas():
            for rows, product in products:
                np.matmul(rows, all_factors, out=product)

    return accumulate


def _by_strips(
    window: Window, source: Int8Array, kernel: npt.NDArray[Any], padding: int, sums: npt.NDArray[Any]
) -> Step:
    """One product for each row of the kernel; the rows share strips, which hold what one row of taps sees."""
    planes = Planes(window, source, kernel.dtype, padding)
    strips, copies = _strips(window, planes)
    tap_order = [tap for run in window.columns.runs for tap in run.taps]
    terms = []
    for row_tap, factors in enumerate(kernel[:, tap_order]):
        index, down = window.rows.place(row_tap)
        start = down * window.columns.plane_size
        terms.append((strips[index, start : start + window.positions], factors.reshape(-1, kernel.shape[3])))
    blocks = [
        (sums[block], [(matrix[block], factors) for matrix, factors in terms])
        for block in row_blocks(len(sums), terms[0][1])
    ]
    product = np.empty_like(blocks[0][0])

    def accumulate() -> None:
        planes.load()
        for strip, taps in copies:
            np.copyto(strip, taps)
        with quiet_blas():
            for total, ((first, first_factors), *others) in blocks:
                np.matmul(first, first_factors, out=total)
                for matrix, factors in others:
                    addend = product[: len(total)]
                    np.matmul(matrix, factors, out=addend)
                    np.add(total, addend, out=total)

    return accumulate


def quiet_blas() -> np.errstate:
    """For products of integers, which are finite: some BLAS kernels compute on memory beside the matrices, too, throw
    that away, and leave a processor's flag behind, of which NumPy then warns now and then.
    """
    return np.errstate(invalid="ignore", over="ignore", under="ignore")


def row_blocks(rows: int, factors: npt.NDArray[Any]) -> list[slice]:
    """Cuts the rows that are to be multiplied by a matrix into as few blocks as are small products, of equal size."""
    most = max(_PRODUCT_ROWS, _PRODUCT_SIZE // factors.size)
    length = -(-rows // -(-rows // most))
    return [slice(start, min(start + length, rows)) for start in range(0, rows, length)]


def _strips(window: Window, planes: Planes) -> tuple[npt.NDArray[Any], list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]]:
    """For each row phase, what a row of taps sees from each pixel ``(pixels, KW * C)``, and the copies to fill it.

    The taps stand in the order of the columns' runs.
    """
    columns = window.columns
    if columns.taps == 1:
        return planes.data[:, 0], []
    phases, _, pixels, channels = planes.data.shape
    length = pixels - (columns.plane_size - columns.output_size)
    strips = np.zeros((phases, length, columns.taps, channels), planes.data.dtype)
    copies, done = [], 0
    for run in columns.runs:
        count = len(run.taps)
        plane = planes.data[:, run.plane, run.start :]
        phase, pixel, item = plane.strides
        seen = as_strided(plane, (phases, length, count, channels), (phase, pixel, run.step * pixel, item))
        copies.append((strips[:, :, done : done + count], seen))
        done += count
    return strips.reshape(phases, length, -1), copies


def ungrouped(weights: npt.NDArray[np.int8], groups: int) -> npt.NDArray[np.int8]:
    """The weights ``(C_out, KH, KW, C_in)`` of the same convolution without groups: zero where they do not reach."""
    if groups == 1:
        return weights
    channels_out, height, width, depth = weights.shape
    full = np.zeros((groups, channels_out // groups, height, width, groups, depth), np.int8)
    for group, part in enumerate(np.split(weights, groups)):
        full[group, :, :, :, group] = part
    return full.reshape(channels_out, height, width, groups * depth)
