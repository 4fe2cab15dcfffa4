"""ARG_MAX and ARG_MIN."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.reduction import merged
from ember_infer_core.slots import AnyArray
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.arg_max import ArgMaxParams

__all__ = ["arg_max", "arg_min"]

Search = Callable[..., AnyArray]


def arg_max(params: ArgMaxParams) -> None:
    """ARG_MAX. Source: TFLM ``reference_ops::ArgMinMax``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.arg_max", lambda params: _prepare(params, np.argmax, -np.inf))


def arg_min(params: ArgMaxParams) -> None:
    """ARG_MIN. Source: TFLM ``reference_ops::ArgMinMax``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.arg_min", lambda params: _prepare(params, np.argmin, np.inf))


def _prepare(params: ArgMaxParams, search: Search, last: float) -> Step:
    sizes, axes = merged(params.input_shape, params.axes)
    if not axes:  # an axis of size 1
        return lambda: params.output.fill(0)
    elements = np.moveaxis(params.input.reshape(sizes), axes[0], -1)
    result = params.output.reshape(elements.shape[:-1])
    if params.dtype != np.float32:
        return lambda: np.copyto(result, search(elements, axis=-1), casting="unsafe")

    def run() -> None:
        is_nan = np.isnan(elements)
        found = search(np.where(is_nan, np.float32(last), elements), axis=-1)
        np.copyto(result, np.where(is_nan[..., 0], 0, found), casting="unsafe")

    return run
