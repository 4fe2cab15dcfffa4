"""ADD as steps of ``elementwise.h``: ``(a * factor1 + b * factor2 + constant) >> shift``, checked on all pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.add import add_elements
from ember_infer_core.quantization import INT32_MAX
from ember_infer_native.kernels.pairs import pair_table, plan_broadcast, plan_rows
from ember_infer_native.kernels.sums import check_clamp
from ember_infer_native.plan import Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_native.kernels.context import Context

__all__ = ["plan_add"]

_SHIFTS = range(22, 6, -1)
_NUDGES = (0, 1, -1, 2, -2)


def plan_add(context: Context, params: ElementwiseAddParams, input1: Place, input2: Place, output: Place) -> list[Step]:
    """Steps for sums."""
    check_clamp(params)
    table = pair_table(context, lambda values1, values2: add_elements(params, values1, values2))
    shapes = params.input1_shape, params.input2_shape, params.output_shape
    if params.input1_shape != params.input2_shape:
        return plan_broadcast(context, table, shapes, (input1, input2, output))
    bias = context.target.bias
    clamps = {"low": params.activation_min + bias, "high": params.activation_max + bias}
    formula = _formula(params, table, bias)
    if formula is None:
        fields = {"factor1": 0, "factor2": 0, "constant": 0, "shift": 0, **clamps}
        return plan_rows("pairs", fields, input1, input2, output, context.constants.add(table.tobytes()))
    return plan_rows("add", {**formula, **clamps}, input1, input2, output)


def _formula(params: ElementwiseAddParams, table: npt.NDArray[np.uint8], bias: int) -> dict[str, int] | None:
    """Factors, constant and shift that give the table, or None."""
    wanted = table.astype(np.int64) if bias else table.view(np.int8).astype(np.int64)
    values = np.arange(256) if bias else np.arange(256, dtype=np.uint8).view(np.int8).astype(np.int64)
    out_scale = float(np.float32(params.output_quant.scale))
    real1 = float(np.float32(params.input1_quant.scale)) / out_scale
    real2 = float(np.float32(params.input2_quant.scale)) / out_scale
    low, high = params.activation_min + bias, params.activation_max + bias
    zero1, zero2 = bias - params.input1_offset, bias - params.input2_offset
    for shift in _SHIFTS:
        factor1, factor2 = round(real1 * 2**shift), round(real2 * 2**shift)
        if max(abs(factor1), abs(factor2)) * 512 + (1 << (shift + 9)) > INT32_MAX:
            continue
        for nudge1 in _NUDGES:
            for nudge2 in _NUDGES:
                products = (factor1 + nudge1) * values[:, None] + (factor2 + nudge2) * values
                base = -(factor1 + nudge1) * zero1 - (factor2 + nudge2) * zero2
                base += (params.output_offset + bias << shift) + (1 << shift >> 1)
                constant = _constant(products, wanted, low, high, shift, base)
                if constant is not None:
                    return {
                        "factor1": factor1 + nudge1,
                        "factor2": factor2 + nudge2,
                        "constant": constant,
                        "shift": shift,
                    }
        if shift < 18:
            break
    return None


def _constant(
    products: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64], low: int, high: int, shift: int, near: int
) -> int | None:
    """A constant with which ``(product + constant) >> shift`` is as wanted for every pair, within the clamp."""
    above = np.where(wanted > low, (wanted << shift) - products, -(2**60)).max()
    below = np.where(wanted < high, (wanted + 1 << shift) - products, 2**60).min()
    if above >= below:
        return None
    constant = int(min(max(near, above), below - 1))
    if not -(2**30) < constant < 2**30:
        return None
    return constant
