"""FULLY_CONNECTED."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ember_infer_ref.dense import quiet_blas, row_blocks
from ember_infer_ref.plan import Step, run_prepared
from ember_infer_ref.requantize import Accumulators, Rounding, accumulator_range, prepare_requantize, scaling_of

if TYPE_CHECKING:
    from ember_infer_core.ops.fully_connected import FullyConnectedParams

__all__ = ["fully_connected"]


def fully_connected(params: FullyConnectedParams, rounding: Rounding) -> None:
    """FULLY_CONNECTED. Source: TFLM ``reference_integer_ops::FullyConnected`` and ``FullyConnectedPerChannel``.

    Raises:
        InvalidShape, UnsupportedActivation: nothing was written.
    """
    run_prepared(params, f"ref.fully_connected.{rounding}", lambda params: _prepare(params, rounding))


def _prepare(params: FullyConnectedParams, rounding: Rounding) -> Step:
    scaling = scaling_of(params, rounding)
    weights = params.weights.astype(np.int64) + params.weights_offset
    bounds = accumulator_range(weights, params.input_offset, params.bias)
    output_depth, input_depth = weights.shape
    source = params.input.reshape(-1, input_depth)
    batches = len(source)
    matrix = np.empty(source.shape, bounds.dtype)
    factors = np.ascontiguousarray(weights.T, bounds.dtype)
    accumulators = Accumulators(batches, output_depth, bounds.dtype)
    products = [(matrix[block], accumulators.rows[block]) for block in row_blocks(batches, factors)]

    def cells(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows[:batches].reshape(-1)

    finish = prepare_requantize(scaling, bounds, accumulators, cells, params.output, reused=params.cache is not None)

    def run() -> None:
        np.copyto(matrix, source)
        with quiet_blas():
            for rows, product in products:
                np.matmul(rows, factors, out=product)
        finish()

    return run
