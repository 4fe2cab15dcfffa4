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

__all__ = ["float_operator"]

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


def float_operator(name: str) -> NativeOperator:
    """The operator of that name: of 8 bits by its table, of float32 by the C function."""
    template = (_FUNCTIONS.index(name),)

    def plan(context: Context, params: Any, input: Place, output: Place) -> list[Step]:
        if input.dtype != np.float32 or output.dtype != np.float32:
            raise UnsupportedOperator(f"{name}: no native kernel computes it of {input.dtype} to {output.dtype}")
        fields = {"count": input.layout.size // 4, "alpha": float_bits(getattr(params, "alpha", 0.0))}
        return [Step(_KERNEL, template, fields, (input.first, output.first))]

    return lookup_operator(NativeOperator(plan, (_KERNEL,)))
