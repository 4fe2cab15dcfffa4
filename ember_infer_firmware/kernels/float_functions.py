"""Functions of one element: of 8 bits by their table, of float32 as calls of ``float_functions.h``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.leaky_relu import LeakyReluParams
from ember_infer_firmware.kernels import KERNELS as OPERATORS
from ember_infer_firmware.kernels import Planner, lookup
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "PLANNERS"]

_HEADER = "float_functions"
# Each has a C function of its name.
_OPERATORS = tuple(operator for operator, where in OPERATORS.items() if where == "float_functions:PLANNERS")
_KERNELS = {
    name: Kernel(f"float_{name}", _HEADER, 2, struct="float_function") for name in _OPERATORS if name != "leaky_relu"
}
_KERNELS["leaky_relu"] = Kernel("float_leaky_relu", _HEADER, 2)  # which has a slope
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


PLANNERS: Mapping[str, Planner] = {operator: _planner(operator) for operator in _OPERATORS}
