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


plan_abs: Planner = _planner("abs")
plan_ceil: Planner = _planner("ceil")
plan_cos: Planner = _planner("cos")
plan_elu: Planner = _planner("elu")
plan_exp: Planner = _planner("exp")
plan_floor: Planner = _planner("floor")
plan_hard_swish: Planner = _planner("hard_swish")
plan_leaky_relu: Planner = _planner("leaky_relu")
plan_log: Planner = _planner("log")
plan_logistic: Planner = _planner("logistic")
plan_neg: Planner = _planner("neg")
plan_relu: Planner = _planner("relu")
plan_relu6: Planner = _planner("relu6")
plan_round: Planner = _planner("round")
plan_rsqrt: Planner = _planner("rsqrt")
plan_sin: Planner = _planner("sin")
plan_sqrt: Planner = _planner("sqrt")
plan_square: Planner = _planner("square")
plan_tanh: Planner = _planner("tanh")
