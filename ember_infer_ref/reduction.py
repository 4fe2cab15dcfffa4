"""REDUCE_MAX, REDUCE_MIN and REDUCE_ALL, and what other operators along axes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ember_infer_core.ops.reduction import merged
from ember_infer_core.quantization import INT8_MAX, INT8_MIN
from ember_infer_core.slots import AnyArray, Float32Array
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.reduction import ReductionParams

__all__ = ["greatest_of_rows", "reduce_all", "reduce_max", "reduce_min", "summed_in_order", "views"]


def reduce_max(params: ReductionParams) -> None:
    """REDUCE_MAX of int8 or float32. Source: TFLM ``reference_ops::ReduceGeneric``, from the type's lowest value on.

    Raises:
        InvalidShape: nothing was written.
    """
    if params.dtype == np.int8:
        _run(params, "ref.reduce_max", np.maximum, INT8_MIN)
    else:
        _run(params, "ref.reduce_max", np.fmax, np.finfo(np.float32).min)


def reduce_min(params: ReductionParams) -> None:
    """REDUCE_MIN of int8 or float32. Source: TFLM ``reference_ops::ReduceGeneric``, from the type's highest value on.

    Raises:
        InvalidShape: nothing was written.
    """
    if params.dtype == np.int8:
        _run(params, "ref.reduce_min", np.minimum, INT8_MAX)
    else:
        _run(params, "ref.reduce_min", np.fmin, np.finfo(np.float32).max)


def reduce_all(params: ReductionParams) -> None:
    """REDUCE_ALL of bool. Source: TFLM ``reference_ops::ReduceGeneric``.

    Raises:
        InvalidShape: nothing was written.
    """
    _run(params, "ref.reduce_all", np.logical_and, True)


def _run(params: ReductionParams, key: str, fold: np.ufunc, initial: Any) -> None:
    def prepare(params: ReductionParams) -> Step:
        elements, axes, result = views(params)

        def run() -> None:
            fold.reduce(elements, axis=axes, initial=initial, out=result)

        return run

    run_prepared(params, key, prepare)


def views(params: ReductionParams) -> tuple[AnyArray, tuple[int, ...], AnyArray]:
    """The input with neighbouring axes merged, which of these are reduced, and the output in the shape of the rest."""
    sizes, axes = merged(params.input_shape, params.axes)
    kept = [size for axis, size in enumerate(sizes) if axis not in axes]
    return params.input.reshape(sizes), axes, params.output.reshape(kept)


def summed_in_order(elements: Float32Array) -> Float32Array:
    """The sum of each row, which keeps an axis of size 1: one element after the other, as TFLM adds them.

    NumPy's own sums go pairwise. A sum starts at 0, so it is never -0.
    """
    sums: Float32Array = np.add.accumulate(elements, axis=-1)[..., -1:] + np.float32(0)
    return sums


def greatest_of_rows(elements: Float32Array) -> Float32Array:
    """The greatest element of each row, which keeps an axis of size 1; NaN, and what is less than any finite value,
    counts as little as in TFLM.
    """
    lowest = np.finfo(np.float32).min
    greatest: Float32Array = np.fmax.reduce(elements, axis=-1, keepdims=True, initial=lowest)
    return greatest
