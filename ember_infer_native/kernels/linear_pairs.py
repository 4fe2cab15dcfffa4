"""ADD and SUB of int8 by a formula; see :func:`ember_infer_core.ops.linear_pairs.linear_formula`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.ops.linear_pairs import linear_formula
from ember_infer_native.kernels.arithmetic import arithmetic_operator
from ember_infer_native.kernels.pairs import Way, pair_table
from ember_infer_native.plan import Kernel

if TYPE_CHECKING:
    from ember_infer_core.ops.rescaled_pairs import RescaledPairParams
    from ember_infer_native.kernels.context import Context

__all__ = ["ADD", "SUB"]

_LINEAR = Kernel("linear_pairs", "pairs", "linear_pairs", 3)


def _sums(context: Context, params: RescaledPairParams) -> Way | None:
    return _way(context, params, 1)


def _differences(context: Context, params: RescaledPairParams) -> Way | None:
    return _way(context, params, -1)


def _way(context: Context, params: RescaledPairParams, sign: int) -> Way | None:
    bias = context.target.bias
    formula = linear_formula(params, sign, pair_table(context, params), bias)
    if formula is None:
        return None
    return Way(_LINEAR, {**formula, "low": params.activation_min + bias, "high": params.activation_max + bias})


ADD = arithmetic_operator("add", _sums, (_LINEAR,))
SUB = arithmetic_operator("sub", _differences, (_LINEAR,))
