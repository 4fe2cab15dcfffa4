"""BATCH_MATMUL, and FULLY_CONNECTED with computed weights, as calls of ``batch_matmul.h``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.common import element_count
from ember_infer_firmware.kernels.walk import walk
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.batch_matmul import BatchMatMulParams
    from ember_infer_core.slots import Int32Array, Shape
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_INT8 = Kernel("batch_matmul_int8", "batch_matmul", 3)
_FLOAT32 = Kernel("batch_matmul_float32", "batch_matmul", 3, struct="matrices")
KERNELS = (_INT8, _FLOAT32)


def plan(
    context: Context, params: BatchMatMulParams, lhs: Place, rhs: Place, output: Place, bias: Int32Array | None
) -> list[Step]:
    """One call for all matrices."""
    matrices = _matrices(context, params)
    if params.dtype == np.float32:
        return [Step(_FLOAT32, matrices, (lhs, rhs, output))]
    check_activation(params)
    fields: dict[str, Value] = {
        **{f"of.{name}": value for name, value in matrices.items()},
        "bias": None if bias is None else context.constant("bias", bias),
        "left_offset": params.lhs_offset,
        "right_offset": params.rhs_offset,
        "multiplier": params.output_multiplier,
        "shift": params.output_shift,
        "output_offset": params.output_offset,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
    return [Step(_INT8, fields, (lhs, rhs, output))]


def _matrices(context: Context, params: BatchMatMulParams) -> dict[str, Value]:
    """The fields of ``struct ember_matrices``."""
    stack, rows, depth, columns = params.batch, params.rows, params.depth, params.columns
    left = zip(stack, _steps(params.lhs_batch, len(stack), rows * depth), strict=True)
    right = zip(stack, _steps(params.rhs_batch, len(stack), depth * columns), strict=True)
    left_axes, stack_axes, products = walk(context, "left_axes", left)
    return {
        "left_axes": left_axes,
        "right_axes": walk(context, "right_axes", right)[0],
        "stack_axes": stack_axes,
        "products": products,
        "rows": rows,
        "depth": depth,
        "columns": columns,
        "left_row": 1 if params.adj_x else depth,
        "left_column": rows if params.adj_x else 1,
        "right_row": 1 if params.adj_y else columns,
        "right_column": depth if params.adj_y else 1,
    }


def _steps(stack: Shape, axes: int, size: int) -> Iterator[int]:
    """From one matrix of this size to the next, along each axis of the whole stack; 0 where one repeats."""
    padded = (1,) * (axes - len(stack)) + stack
    for axis in range(axes):
        yield size * element_count(padded[axis + 1 :]) if padded[axis] > 1 else 0
