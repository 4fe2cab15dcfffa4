"""Functions of two elements: of int8 as in ``pairs.py``, of other types as steps of ``arithmetic.h``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_core.errors import UnsupportedOperator
from ember_infer_native.kernels.broadcast import broadcast_rows
from ember_infer_native.kernels.float_rows import float_bits
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.kernels.pairs import Quick, Way, pair_operator
from ember_infer_native.kernels.scaled_pairs import scaled_fields
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams
    from ember_infer_native.kernels.context import Context

__all__ = ["arithmetic_operator"]

# In the order of arithmetic.h.
_TYPES = ("float32", "int32", "int16", "bool")
_COMPARISONS = ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal")
_FUNCTIONS = (
    "add",
    "sub",
    "mul",
    "div",
    "floor_div",
    "floor_mod",
    "maximum",
    "minimum",
    "squared_difference",
    "prelu",
    "logical_and",
    "logical_or",
    *_COMPARISONS,
)
_OF_NUMBERS = ("float32", "int32")
# What TFLM has; the quotients of int32, and those that are rounded down, are errors where the divisor is zero.
_QUOTIENTS = {"div": ("int32",), "floor_div": ("float32",)}
_DEFINED = {
    "add": _OF_NUMBERS,
    "sub": _OF_NUMBERS,
    "mul": _OF_NUMBERS,
    "div": ("float32",),
    "floor_mod": ("float32",),
    "maximum": (*_OF_NUMBERS, "int16"),
    "minimum": (*_OF_NUMBERS, "int16"),
    "squared_difference": _OF_NUMBERS,
    "prelu": ("float32",),
    "logical_and": ("bool",),
    "logical_or": ("bool",),
    "equal": (*_OF_NUMBERS, "bool"),
    "not_equal": (*_OF_NUMBERS, "bool"),
    "greater": _OF_NUMBERS,
    "greater_equal": _OF_NUMBERS,
    "less": _OF_NUMBERS,
    "less_equal": _OF_NUMBERS,
}

# Those that scale int8 elements, so that there is no end of different ones.
_SCALED = ("add", "sub", "mul", "squared_difference", "prelu", *_COMPARISONS)

_NO_QUOTIENT = "a division by zero, or of -2**31 by -1, has no result; TensorFlow Lite Micro stops there"


def _template(name: str, dtype: str) -> tuple[int, int]:
    return _TYPES.index(dtype) if dtype in _TYPES else -1, _FUNCTIONS.index(name)


def _variants(defined: Mapping[str, tuple[str, ...]]) -> tuple[tuple[int, ...], ...]:
    return tuple(_template(name, dtype) for name, dtypes in defined.items() for dtype in dtypes)


_ARITHMETIC = Kernel("arithmetic", "arithmetic", "arithmetic", 3, _variants(_DEFINED))
_CHECKED = Kernel("quotients", "arithmetic", "arithmetic", 4, _variants(_QUOTIENTS))
_SCALED_PAIRS = Kernel(
    "scaled_pairs", "scaled_pairs", "scaled_pairs", 3, tuple((_FUNCTIONS.index(name),) for name in _SCALED)
)


def arithmetic_operator(name: str, quick: Quick | None = None, kernels: tuple[Kernel, ...] = ()) -> NativeOperator:
    """An operator whose parameters are :class:`~ember_infer_core.ops.pairs.PairParams`.

    Args:
        name: in the order of ``arithmetic.h``.
        quick, kernels: see :func:`~ember_infer_native.kernels.pairs.pair_operator`.
    """

    def plan(context: Context, params: PairParams, input1: Place, input2: Place, output: Place) -> list[Step]:
        check_activation(params)
        dtype = params.dtype.name
        pointers = input1.first, input2.first, output.first
        rows = broadcast_rows((params.input1_shape, params.input2_shape, params.output_shape), (input1, input2, output))
        fields = {**rows, **_clamp(params), "error": 0}
        template = _template(name, dtype)
        if dtype in _QUOTIENTS.get(name, ()):
            status, error = context.error(_NO_QUOTIENT)
            return [Step(_CHECKED, template, {**fields, "error": error}, (*pointers, status))]
        if dtype in _DEFINED.get(name, ()):
            return [Step(_ARITHMETIC, template, fields, pointers)]
        raise UnsupportedOperator(f"{name}: no native kernel computes it of {dtype}")

    def direct(context: Context, params: PairParams) -> Way:
        return Way(_SCALED_PAIRS, scaled_fields(context, params), template=(_FUNCTIONS.index(name),))

    computed = NativeOperator(plan, (_ARITHMETIC, _CHECKED))
    if name not in _SCALED:
        return pair_operator(quick, kernels, computed)
    return pair_operator(quick, (*kernels, _SCALED_PAIRS), computed, direct)


def _clamp(params: PairParams) -> dict[str, int]:
    if params.dtype == np.float32:
        return {"low": float_bits(params.float_activation_min), "high": float_bits(params.float_activation_max)}
    return {"low": params.activation_min, "high": params.activation_max}
