"""MUL as steps of ``elementwise.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.mul import mul_elements
from ember_infer_native.kernels.pairs import pair_table, plan_broadcast, plan_rows
from ember_infer_native.plan import Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_native.kernels.context import Context

__all__ = ["plan_mul"]


def plan_mul(context: Context, params: MulParams, input1: Place, input2: Place, output: Place) -> list[Step]:
    """Steps for products."""
    check_activation(params)
    table = pair_table(context, lambda values1, values2: mul_elements(params, values1, values2))
    shapes = params.input1_shape, params.input2_shape, params.output_shape
    if params.input1_shape != params.input2_shape:
        return plan_broadcast(context, table, shapes, (input1, input2, output))
    fields = {"factor1": 0, "factor2": 0, "constant": 0, "shift": 0, "low": 0, "high": 0}
    return plan_rows("pairs", fields, input1, input2, output, context.constants.add(table.tobytes()))
