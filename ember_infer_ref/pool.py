"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import check_activation
from ember_infer_core.quantization import INT8_MAX, INT8_MIN
from ember_infer_core.staircase import UINT8_OFFSET
from ember_infer_ref.plan import Step, run_prepared
from ember_infer_ref.planes import Axis, Planes, Window, pooling_window
from ember_infer_ref.requantize import prepare_store

if TYPE_CHECKING:
    from ember_infer_core.ops.pool import PoolParams

__all__ = ["avg_pool", "max_pool"]

# A sum divided by its count is within 128; ties lie at odd multiples of 1/2, everything else at least 1 / (2 * count)
# away from them. Stretched by this, a tie rounds away from zero, and nothing else changes while counts are below 2**30.
_AWAY_FROM_ZERO = 1.0 + 2.0**-40


def avg_pool(params: PoolParams) -> None:
    """AVERAGE_POOL_2D. Source: TFLM ``reference_integer_ops::AveragePool``.

    Raises:
        InvalidShape, UnsupportedActivation: nothing was written.
    """
    run_prepared(params, "ref.avg_pool", _prepare_average)


def max_pool(params: PoolParams) -> None:
    """MAX_POOL_2D. Source: TFLM ``reference_integer_ops::MaxPool``.

    Raises:
        InvalidShape, UnsupportedActivation: nothing was written.
    """
    run_prepared(params, "ref.max_pool", _prepare_maximum)


def _prepare_average(params: PoolParams) -> Step:
    check_activation(params)
    window = pooling_window(params)
    sums, add_up = _prepare_fold(params, window, np.add, 0, np.int32)
    counts = np.outer(_valid_taps(window.rows), _valid_taps(window.columns)).astype(np.float64)
    factors = (_AWAY_FROM_ZERO / np.maximum(counts, 1.0))[None, :, :, None]
    averages = np.empty(params.output_shape)
    offset = np.array(0.5 + UINT8_OFFSET)
    low = np.array(float(params.activation_min + UINT8_OFFSET))
    high = np.array(float(params.activation_max + UINT8_OFFSET))
    store = prepare_store(averages.reshape(-1), params.output)

    def run() -> None:
        add_up()
        np.multiply(sums, factors, out=averages)
        np.add(averages, offset, out=averages)
        averages.clip(low, high, out=averages)
        store()

    return run


def _prepare_maximum(params: PoolParams) -> Step:
    check_activation(params)
    maxima, take_maxima = _prepare_fold(params, pooling_window(params), np.maximum, INT8_MIN, np.int8)
    output = params.output
    low, high = np.array(params.activation_min, np.int8), np.array(params.activation_max, np.int8)
    clamps = (params.activation_min, params.activation_max) != (INT8_MIN, INT8_MAX)

    def run() -> None:
        take_maxima()
        np.copyto(output, maxima)
        if clamps:
            output.clip(low, high, out=output)

    return run


def _valid_taps(axis: Axis) -> npt.NDArray[np.int64]:
    """For each output along the axis, how many taps fall into the image."""
    first = np.arange(axis.output_size) * axis.stride - axis.pad
    valid: npt.NDArray[np.int64] = np.minimum(first + axis.taps, axis.input_size) - np.maximum(first, 0)
    return valid


def _prepare_fold(
    params: PoolParams, window: Window, fold: np.ufunc, neutral: int, dtype: type[np.int8] | type[np.int32]
) -> tuple[npt.NDArray[Any], Step]:
    """The windows' contents folded into one value each, as a view ``(N, OH, OW, C)``, and the step that computes it."""
    if window.rows.output_size == window.columns.output_size == 1:
        return _fold_image(params, window, fold, neutral, dtype)
    planes = Planes(window, params.input, dtype, neutral)
    across, along_rows = _fold_rows(window, planes, fold)
    parts = []
    for tap in range(window.rows.taps):
        index, down = window.rows.place(tap)
        start = down * window.columns.plane_size
        parts.append(across[index, start : start + window.positions])
    folded, along_columns = _fold_parts(parts, fold)

    def run() -> None:
        planes.load()
        along_rows()
        along_columns()

    return window.cells(folded).reshape(params.output_shape), run


def _fold_rows(window: Window, planes: Planes, fold: np.ufunc) -> tuple[npt.NDArray[Any], Step]:
    """For each row phase, what one row of taps sees from each pixel, folded: ``(row phases, pixels, C)``."""
    places = [window.columns.place(tap) for tap in range(window.columns.taps)]
    length = planes.data.shape[2] - places[-1][1]
    return _fold_parts([planes.data[:, index, right : right + length] for index, right in places], fold)


def _fold_parts(parts: list[npt.NDArray[Any]], fold: np.ufunc) -> tuple[npt.NDArray[Any], Step]:
    """The parts folded element by element, and the step that does it."""
    if len(parts) == 1:
        return parts[0], lambda: None
    first, second, *others = parts
    folded = np.empty_like(first)

    def run() -> None:
        fold(first, second, out=folded)
        for part in others:
            fold(folded, part, out=folded)

    return folded, run


def _fold_image(
    params: PoolParams, window: Window, fold: np.ufunc, neutral: int, dtype: type[np.int8] | type[np.int32]
) -> tuple[npt.NDArray[Any], Step]:
    """The one window of each image, folded at once."""
    rows, columns = (slice(max(-axis.pad, 0), max(axis.taps - axis.pad, 0)) for axis in (window.rows, window.columns))
    seen = params.input[:, rows, columns]
    folded = np.empty(params.output_shape, dtype)
    pixels = folded[:, 0, 0]

    def run() -> None:
        fold.reduce(seen, axis=(1, 2), dtype=dtype, out=pixels, initial=neutral)

    return folded, run
