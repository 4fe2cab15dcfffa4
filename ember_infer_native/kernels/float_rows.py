"""Functions of rows, along the last axis; of float32 as steps of ``float_rows.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.slots import Shape

__all__ = ["float_bits", "plan_float_rows", "rows_of"]


def plan_float_rows(kernel: Kernel, shape: Shape, input: Place, output: Place, beta: float = 0.0) -> list[Step]:
    """The step of a function of rows of float32, along the last axis."""
    rows, count = rows_of(shape)
    fields = {"rows": rows, "count": count, "beta": float_bits(beta)}
    return [Step(kernel, (), fields, (input.first, output.first))]


def rows_of(shape: Shape) -> tuple[int, int]:
    """How many rows a tensor has along its last axis, and of how many elements."""
    return element_count(shape[:-1]), shape[-1]


def float_bits(value: float) -> int:
    """The bits of a float32, as the int that a struct holds."""
    return int(np.float32(value).view(np.int32))
