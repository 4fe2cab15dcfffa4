"""What random graphs have of reductions and functions of rows: each draws its attributes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from tests.support.models import Activation, ModelDrawer

    Rows: TypeAlias = Callable[[ModelDrawer, Activation], Activation]

__all__ = ["ROWS"]


def _axes_operand(drawer: ModelDrawer, axes: tuple[int, ...]) -> int:
    data = np.array(axes, np.int32)
    return drawer.writer.tensor(f"axes{len(drawer.listing)}", data.shape, "int32", data=data)


def _reduction(drawer: ModelDrawer, input: Activation, operator: str) -> Activation:
    """Along any axes; one at least remains of the output's."""
    rank, keep_dims = len(input.shape), drawer.flag()
    axes = tuple(sorted({drawer.integer(0, rank - 1) for _ in range(drawer.integer(1, 3))})) if rank else (0,)
    keep = keep_dims or len(axes) >= rank
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(input.shape) if keep or axis not in axes)
    if operator in ("MEAN", "SUM"):
        count = float(np.prod([input.shape[axis] for axis in axes if rank]))
        output = drawer.activation(shape, drawer.output_scale(input.scale * (count if operator == "SUM" else 1.0)))
    else:
        output = drawer.activation(shape, input.scale, input.zero_point)
    operands = [input.index, _axes_operand(drawer, axes)]
    drawer.writer.operator(operator, operands, [output.index], keep_dims=keep_dims)
    return drawer.note(f"{operator} {axes} keep_dims {keep_dims}", operands, output)


def _cumsum(drawer: ModelDrawer, input: Activation) -> Activation:
    rank = len(input.shape)
    axis = drawer.integer(-rank, rank - 1) if rank else 0
    options: dict[str, Any] = {"exclusive": drawer.flag(), "reverse": drawer.flag()}
    output = drawer.activation(input.shape, drawer.output_scale(4.0 * input.scale))
    operands = [input.index, _axes_operand(drawer, (axis,))]
    drawer.writer.operator("CUMSUM", operands, [output.index], **options)
    return drawer.note(f"CUMSUM {axis} {options}", operands, output)


def _normalised(drawer: ModelDrawer, input: Activation, operator: str, scale: float, zero_point: int) -> Activation:
    output = drawer.activation(input.shape, scale, zero_point)
    drawer.writer.operator(operator, [input.index], [output.index])
    return drawer.note(operator, (input.index,), output)


ROWS: Mapping[str, Rows] = {
    "cumsum": _cumsum,
    "l2_normalization": functools.partial(_normalised, operator="L2_NORMALIZATION", scale=1 / 128, zero_point=0),
    "log_softmax": functools.partial(_normalised, operator="LOG_SOFTMAX", scale=1 / 16, zero_point=127),
    "mean": functools.partial(_reduction, operator="MEAN"),
    "reduce_max": functools.partial(_reduction, operator="REDUCE_MAX"),
    "reduce_min": functools.partial(_reduction, operator="REDUCE_MIN"),
    "sum": functools.partial(_reduction, operator="SUM"),
}
