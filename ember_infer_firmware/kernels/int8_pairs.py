"""Functions of two int8 elements, as ``int8_pairs.h`` computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import InternalError, UnsupportedOperator
from ember_infer_core.ops.add import ElementwiseAddParams
from ember_infer_core.ops.comparisons import Comparison, ComparisonParams
from ember_infer_core.ops.linear_pairs import linear_formula
from ember_infer_core.ops.maximum_minimum import MaximumMinimumParams
from ember_infer_core.ops.mul import MulParams
from ember_infer_core.ops.prelu import PreluParams
from ember_infer_core.ops.rescaled_pairs import CommonScalePairParams, RescaledPairParams
from ember_infer_core.ops.squared_difference import SquaredDifferenceParams
from ember_infer_core.ops.sub import SubParams
from ember_infer_firmware.kernels.pair_function import PairFunction, pair_kernels
from ember_infer_firmware.kernels.rescaling import rescaling
from ember_infer_firmware.step import Kernel, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "function"]

_KERNELS = {
    "int8_equal": pair_kernels("int8_equal", "int8_pairs", "int8_comparison"),
    "int8_less": pair_kernels("int8_less", "int8_pairs", "int8_comparison"),
    "int8_maximum": pair_kernels("int8_maximum", "integer_pairs", "integer_pairs"),
    "int8_minimum": pair_kernels("int8_minimum", "integer_pairs", "integer_pairs"),
    **{
        name: pair_kernels(name, "int8_pairs", name)
        for name in (
            "linear_pairs",
            "prelu",
            "products",
            "rescaled_pairs",
            "squared_differences",
            "wrapping_products",
        )
    },
}
KERNELS: tuple[Kernel, ...] = tuple(kernel for pair in _KERNELS.values() for kernel in pair)

_LARGEST = 255  # of an int8 less a zero point
# Comparison -> the kernel, whether its inputs are swapped, whether the answer is inverted.
_COMPARED = {
    Comparison.EQUAL: ("int8_equal", False, False),
    Comparison.NOT_EQUAL: ("int8_equal", False, True),
    Comparison.LESS: ("int8_less", False, False),
    Comparison.GREATER_EQUAL: ("int8_less", False, True),
    Comparison.GREATER: ("int8_less", True, False),
    Comparison.LESS_EQUAL: ("int8_less", True, True),
}


def function(context: Context, params: PairParams) -> PairFunction:
    """What computes a call.

    Raises:
        UnsupportedOperator: nothing does.
    """
    if isinstance(params, ElementwiseAddParams):
        return _sum(context, params, 1)
    if isinstance(params, SubParams):
        return _sum(context, params, -1)
    if isinstance(params, MulParams):
        return _product(params)
    if isinstance(params, PreluParams):
        return _prelu(params)
    if isinstance(params, SquaredDifferenceParams):
        return _squared_difference(params)
    if isinstance(params, ComparisonParams):
        return _comparison(params)
    if isinstance(params, MaximumMinimumParams):
        return PairFunction(*_KERNELS["int8_maximum" if params.largest else "int8_minimum"])
    raise UnsupportedOperator(f"{type(params).__name__}: no kernel computes it of int8")


def _sum(context: Context, params: RescaledPairParams, sign: int) -> PairFunction:
    key = (
        "linear_pairs",
        sign,
        *(params.input1_offset, params.input1_multiplier, params.input1_shift),
        *(params.input2_offset, params.input2_multiplier, params.input2_shift),
        *(params.output_offset, params.output_multiplier, params.output_shift),
        *(params.activation_min, params.activation_max),
    )
    if key not in context.known:
        values = np.arange(256, dtype=np.uint8).view(np.int8)
        context.known[key] = linear_formula(params, sign, params.elements(values[:, None], values))
    formula = context.known[key]
    clamp = {"activation_min": params.activation_min, "activation_max": params.activation_max}
    if formula is not None:
        return PairFunction(*_KERNELS["linear_pairs"], {**formula, **clamp})
    fields = {
        **_common_scale(params),
        **_certain(rescaling("scaling", params.output_multiplier, params.output_shift, 2 * _LARGEST << 19)),
        "sign": sign,
        "output_offset": params.output_offset,
    }
    return PairFunction(*_KERNELS["rescaled_pairs"], {**fields, **clamp})


def _squared_difference(params: SquaredDifferenceParams) -> PairFunction:
    fields = {
        **_common_scale(params),
        "multiplier": params.output_multiplier,
        "shift": params.output_shift,
        "output_offset": params.output_offset,
    }
    return PairFunction(*_KERNELS["squared_differences"], fields)


def _comparison(params: ComparisonParams) -> PairFunction:
    kernel, is_swapped, is_inverted = _COMPARED[params.comparison]
    fields = {**_common_scale(params, is_swapped), "inverted": int(is_inverted)}
    return PairFunction(*_KERNELS[kernel], fields, is_swapped)


def _product(params: MulParams) -> PairFunction:
    offsets = {"offset1": params.input1_offset, "offset2": params.input2_offset, "output_offset": params.output_offset}
    clamp = {"activation_min": params.activation_min, "activation_max": params.activation_max}
    scaling = rescaling("scaling", params.output_multiplier, params.output_shift, _LARGEST * _LARGEST)
    if scaling is not None:
        return PairFunction(*_KERNELS["products"], {**offsets, **scaling, **clamp})
    factors = {
        "multiplier": params.output_multiplier,
        "shift": params.output_shift,
        "kept_multiplier": 0,
        "kept_shift": 0,
        "is_prelu": 0,
    }
    return PairFunction(*_KERNELS["wrapping_products"], {**offsets, **factors, **clamp})


def _prelu(params: PreluParams) -> PairFunction:
    offsets = {"offset1": params.input1_offset, "offset2": params.input2_offset, "output_offset": params.output_offset}
    kept = rescaling("kept", params.output_multiplier_1, params.output_shift_1, _LARGEST)
    scaling = rescaling("scaling", params.output_multiplier_2, params.output_shift_2, _LARGEST * _LARGEST)
    if kept is not None and scaling is not None:
        return PairFunction(*_KERNELS["prelu"], {**offsets, **kept, **scaling})
    factors = {
        "multiplier": params.output_multiplier_2,
        "shift": params.output_shift_2,
        "kept_multiplier": params.output_multiplier_1,
        "kept_shift": params.output_shift_1,
        "is_prelu": 1,
    }
    clamp = {"activation_min": params.activation_min, "activation_max": params.activation_max}
    return PairFunction(*_KERNELS["wrapping_products"], {**offsets, **factors, **clamp})


def _common_scale(params: CommonScalePairParams, is_swapped: bool = False) -> dict[str, Value]:
    """Offsets and factors of both inputs."""
    fields: dict[str, Value] = {}
    first, second = (2, 1) if is_swapped else (1, 2)
    for number, (offset, multiplier, shift) in {
        first: (params.input1_offset, params.input1_multiplier, params.input1_shift),
        second: (params.input2_offset, params.input2_multiplier, params.input2_shift),
    }.items():
        fields[f"offset{number}"] = offset
        fields |= _certain(rescaling(f"scaling{number}", multiplier, shift, _LARGEST, params.left_shift))
    return fields


def _certain(fields: dict[str, Value] | None) -> dict[str, Value]:
    """Of numbers that nothing but a factor below one scales: they cannot be too large."""
    if fields is None:
        raise InternalError("a factor that is below one is not")
    return fields
