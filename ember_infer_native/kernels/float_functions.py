"""Functions of one element that are tables of int8 and computed of float32, as steps of ``float_functions.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_native.kernels.float_rows import float_bits
from ember_infer_native.kernels.lookup import lookup_operator
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_native.kernels.context import Context

__all__ = [
    "ABS",
    "CEIL",
    "COS",
    "ELU",
    "EXP",
    "FLOOR",
    "HARD_SWISH",
    "LEAKY_RELU",
    "LOG",
    "LOGISTIC",
    "NEG",
    "RELU",
    "RELU6",
    "ROUND",
    "RSQRT",
    "SIN",
    "SQRT",
    "SQUARE",
    "TANH",
]

# In the order of float_functions.h.
_FUNCTIONS = (
    "abs",
    "ceil",
    "cos",
    "elu",
    "exp",
    "floor",
    "hard_swish",
    "leaky_relu",
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
_KERNEL = Kernel(
    "float_function", "float_functions", "float_function", 2, tuple((number,) for number in range(len(_FUNCTIONS)))
)


def _function(name: str) -> NativeOperator:
    """The operator: of 8 bits by its table, of float32 by the C function."""

    def plan(context: Context, params: Any, input: Place, output: Place) -> list[Step]:
        if input.dtype != np.float32 or output.dtype != np.float32:
            raise UnsupportedOperator(f"{name}: no native kernel computes it of {input.dtype} to {output.dtype}")
        fields = {"count": input.layout.size // 4, "alpha": float_bits(getattr(params, "alpha", 0.0))}
        return [Step(_KERNEL, (_FUNCTIONS.index(name),), fields, (input.first, output.first))]

    return lookup_operator(NativeOperator(plan, (_KERNEL,)))


ABS = _function("abs")
CEIL = _function("ceil")
COS = _function("cos")
ELU = _function("elu")
EXP = _function("exp")
FLOOR = _function("floor")
HARD_SWISH = _function("hard_swish")
LEAKY_RELU = _function("leaky_relu")
LOG = _function("log")
LOGISTIC = _function("logistic")
NEG = _function("neg")
RELU = _function("relu")
RELU6 = _function("relu6")
ROUND = _function("round")
RSQRT = _function("rsqrt")
SIN = _function("sin")
SQRT = _function("sqrt")
SQUARE = _function("square")
TANH = _function("tanh")
