"""Functions of one element: of 8 bits by their table, of float32 as calls of ``float_functions.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.leaky_relu import LeakyReluParams
from ember_infer_firmware.kernels import Planner, lookup
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams
    from ember_infer_firmware.context import Context

__all__ = [
    "KERNELS",
    "plan_abs",
    "plan_ceil",
    "plan_cos",
    "plan_elu",
    "plan_exp",
    "plan_floor",
    "plan_hard_swish",
    "plan_leaky_relu",
    "plan_log",
    "plan_logistic",
    "plan_neg",
    "plan_relu",
    "plan_relu6",
    "plan_round",
    "plan_rsqrt",
    "plan_sin",
    "plan_sqrt",
    "plan_square",
    "plan_tanh",
]

_HEADER = "float_functions"
_FUNCTIONS = (
    "abs",
    "ceil",
    "cos",
    "elu",
    "exp",
    "floor",
    "hard_swish",
    "log",
    "logistic",
    "neg",
    "relu",
    "relu6",
    "round",
    "rsqrt",
    "sin",
    "sqrt",
    "square",
    "tanh",
)
_KERNELS = {name: Kernel(f"float_{name}", _HEADER, 2, struct="float_function") for name in _FUNCTIONS}
_KERNELS["leaky_relu"] = Kernel("float_leaky_relu", _HEADER, 2)
KERNELS = (*lookup.KERNELS, *_KERNELS.values())


def _planner(operator: str) -> Planner:
    def plan(context: Context, params: LookupParams, input: Place, output: Place) -> list[Step]:
        if params.table is not None:
            return lookup.plan(context, params, input, output)
        if input.dtype != np.float32 or output.dtype != np.float32:
            raise UnsupportedOperator(f"{operator}: no kernel computes it of {input.dtype} to {output.dtype}")
        fields: dict[str, Value] = {"count": element_count(input.shape)}
        if isinstance(params, LeakyReluParams):
            fields["alpha"] = float(np.float32(params.alpha))
        return [Step(_KERNELS[operator], fields, (input, output))]

    return plan


plan_abs = _planner("abs")
plan_ceil = _planner("ceil")
plan_cos = _planner("cos")
plan_elu = _planner("elu")
plan_exp = _planner("exp")
plan_floor = _planner("floor")
plan_hard_swish = _planner("hard_swish")
plan_leaky_relu = _planner("leaky_relu")
plan_log = _planner("log")
plan_logistic = _planner("logistic")
plan_neg = _planner("neg")
plan_relu = _planner("relu")
plan_relu6 = _planner("relu6")
plan_round = _planner("round")
plan_rsqrt = _planner("rsqrt")
plan_sin = _planner("sin")
plan_sqrt = _planner("sqrt")
plan_square = _planner("square")
plan_tanh = _planner("tanh")
