"""BATCH_MATMUL."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import check_activation
from ember_infer_core.slots import AnyArray
from ember_infer_ref.dense import quiet_blas, row_blocks
from ember_infer_ref.plan import Step, run_prepared
from ember_infer_ref.requantize import AccumulatorRange, Accumulators, Scaling, prepare_requantize

if TYPE_CHECKING:
    from ember_infer_core.ops.batch_matmul import BatchMatMulParams

__all__ = ["batch_matmul"]


def batch_matmul(params: BatchMatMulParams) -> None:
    """BATCH_MATMUL. Source: TFLM ``reference_ops::BatchMatMul``.

    Raises:
        InvalidShape, UnsupportedActivation: nothing was written.
    """
    run_prepared(params, "ref.batch_matmul", _prepare_float32 if params.dtype == np.float32 else _prepare_int8)


def _operands(params: BatchMatMulParams, lhs: AnyArray, rhs: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Arrays like the operands, as matrices ``(..., rows, depth)`` and ``(..., depth, columns)``."""
    left, right = lhs.reshape(params.lhs_matrices), rhs.reshape(params.rhs_matrices)
    return left.swapaxes(-1, -2) if params.adj_x else left, right.swapaxes(-1, -2) if params.adj_y else right


def _prepare_float32(params: BatchMatMulParams) -> Step:
    """In TFLM's order: each product is rounded, then each sum."""
    left, right = _operands(params, params.lhs, params.rhs)
    output = params.output.reshape(*params.batch, params.rows, params.columns)
    product = np.empty_like(output)

    def run() -> None:
        output.fill(0)
        with np.errstate(all="ignore"):
            for index in range(params.depth):
                np.multiply(left[..., index, None], right[..., index, None, :], out=product)
                np.add(output, product, out=output)

    return run


def _prepare_int8(params: BatchMatMulParams) -> Step:
    check_activation(params)
    bounds = _range(params)
    channels = len(bounds.bias)
    count = math.prod(params.output_shape) // channels
    accumulators = Accumulators(count, channels, bounds.dtype)
    sums = accumulators.rows[:count].reshape(*params.batch, params.rows, params.columns)
    reals = [np.empty(shape, bounds.dtype) for shape in (params.lhs_shape, params.rhs_shape)]
    loads = [
        (params.lhs, bounds.dtype(params.lhs_offset), reals[0]),
        (params.rhs, bounds.dtype(params.rhs_offset), reals[1]),
    ]
    left, right = _operands(params, *reals)
    blocks = [
        (left[..., block, :], sums[..., block, :])
        for block in row_blocks(params.rows, right[(0,) * len(params.rhs_batch)])
    ]

    def cells(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows[:count].reshape(-1)

    finish = prepare_requantize(
        _scaling(params, channels), bounds, accumulators, cells, params.output, params.cache is not None
    )

    def run() -> None:
        for source, offset, real in loads:
            np.add(source, offset, out=real, dtype=real.dtype)
        with quiet_blas():
            for rows, total in blocks:
                np.matmul(rows, right, out=total)
        finish()

    return run


def _range(params: BatchMatMulParams) -> AccumulatorRange:
    """What the sums can come to, whatever the operands; for each column where there is a bias, else for all at once."""
    (left_low, left_high), (right_low, right_high) = (
        (offset - 128, offset + 127) for offset in (params.lhs_offset, params.rhs_offset)
    )
    products = [left * right for left in (left_low, left_high) for right in (right_low, right_high)]
    bias = np.zeros(1, np.int64) if params.bias is None else params.bias.astype(np.int64)
    low, high = (np.full_like(bias, params.depth * extreme(products)) for extreme in (min, max))
    return AccumulatorRange(bias, low, high, params.depth * max(map(abs, products)))


def _scaling(params: BatchMatMulParams, channels: int) -> Scaling:
    multiplier, shift = (
        np.full(channels, value, np.int64) for value in (params.output_multiplier, params.output_shift)
    )
    return Scaling(
        multiplier,
        shift,
        np.ones(channels, np.float32),  # of a dialect that this operator does not have
        params.output_offset,
        params.activation_min,
        params.activation_max,
        "double",
    )
