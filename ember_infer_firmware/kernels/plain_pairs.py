"""Functions of two elements that are the values themselves: ``integer_pairs.h`` and ``float_pairs.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.ops.add import ElementwiseAddParams
from ember_infer_core.ops.comparisons import Comparison, ComparisonParams
from ember_infer_core.ops.div import DivParams, FloorDivParams, FloorModParams
from ember_infer_core.ops.logical import LogicalParams
from ember_infer_core.ops.maximum_minimum import MaximumMinimumParams
from ember_infer_core.ops.mul import MulParams
from ember_infer_core.ops.prelu import PreluParams
from ember_infer_core.ops.squared_difference import SquaredDifferenceParams
from ember_infer_core.ops.sub import SubParams
from ember_infer_firmware.kernels.pair_function import PairFunction, pair_kernels
from ember_infer_firmware.step import Kernel, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams

__all__ = ["KERNELS", "function"]

_COMPARISONS = ("equal", "not_equal", "less", "less_equal")
_INTEGER_PAIRS = (
    "bool_and",
    "bool_equal",
    "bool_not_equal",
    "bool_or",
    "int16_maximum",
    "int16_minimum",
    "int32_maximum",
    "int32_minimum",
    "int32_squared_difference",
    *(f"int32_{name}" for name in _COMPARISONS),
)
_FLOAT_PAIRS = (
    "float_floor_mod",
    "float_maximum",
    "float_minimum",
    "float_prelu",
    "float_squared_difference",
    *(f"float_{name}" for name in _COMPARISONS),
)
_CLAMPED = ("add", "sub", "mul")
_KERNELS: dict[str, tuple[Kernel | None, Kernel]] = {
    **{name: pair_kernels(name, "integer_pairs", "integer_pairs") for name in _INTEGER_PAIRS},
    **{f"int32_{name}": pair_kernels(f"int32_{name}", "integer_pairs", "int32_pairs") for name in _CLAMPED},
    **{name: pair_kernels(name, "float_pairs", "float_pairs") for name in _FLOAT_PAIRS},
    **{
        f"float_{name}": pair_kernels(f"float_{name}", "float_pairs", "clamped_float_pairs")
        for name in (*_CLAMPED, "div")
    },
    "int32_div": (None, Kernel("int32_div", "integer_pairs", 3, fails=True, struct="int32_pairs")),
    "float_floor_div": (None, Kernel("float_floor_div", "float_pairs", 3, fails=True, struct="float_pairs")),
}
KERNELS: tuple[Kernel, ...] = tuple(kernel for pair in _KERNELS.values() for kernel in pair if kernel is not None)

_TYPES = {"float32": "float", "int32": "int32", "int16": "int16", "bool": "bool"}
_SWAPPED = {Comparison.GREATER: "less", Comparison.GREATER_EQUAL: "less_equal"}
_NAMES: dict[type[PairParams], str] = {
    ElementwiseAddParams: "add",
    SubParams: "sub",
    MulParams: "mul",
    DivParams: "div",
    FloorDivParams: "floor_div",
    FloorModParams: "floor_mod",
    PreluParams: "prelu",
    SquaredDifferenceParams: "squared_difference",
}


def function(params: PairParams) -> PairFunction:
    """What computes a call.

    Raises:
        UnsupportedOperator: nothing does.
    """
    name, is_swapped = _name(params)
    kernels = _KERNELS.get(f"{_TYPES.get(params.dtype.name)}_{name}")
    if kernels is None:
        raise UnsupportedOperator(f"{type(params).__name__}: no kernel computes it of {params.dtype}")
    fields: dict[str, Value] = {}
    if kernels[1].struct == "int32_pairs":
        fields = {"activation_min": params.activation_min, "activation_max": params.activation_max}
    elif kernels[1].struct == "clamped_float_pairs":
        low, high = params.float_activation_min, params.float_activation_max
        fields = {"activation_min": low, "activation_max": high}
    return PairFunction(*kernels, fields, is_swapped)


def _name(params: PairParams) -> tuple[str, bool]:
    """Of the function in C, without its type; whether the inputs are swapped for it."""
    if isinstance(params, ComparisonParams):
        swapped = _SWAPPED.get(params.comparison)
        return (params.comparison.value, False) if swapped is None else (swapped, True)
    if isinstance(params, MaximumMinimumParams):
        return ("maximum" if params.largest else "minimum"), False
    if isinstance(params, LogicalParams):
        return ("and" if params.conjunction else "or"), False
    return _NAMES.get(type(params), ""), False
