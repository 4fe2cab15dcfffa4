"""Functions of two int8 elements as steps of ``scaled_pairs.h``: TFLM's own arithmetic, without any search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ember_infer_core.ops.comparisons import ComparisonParams
from ember_infer_core.ops.prelu import PreluParams
from ember_infer_core.ops.rescaled_pairs import CommonScalePairParams

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams
    from ember_infer_native.kernels.context import Context

__all__ = ["scaled_fields"]


class _Factor(NamedTuple):
    """``multiplier * 2**(shift - 31)``, as TFLM multiplies by it."""

    multiplier: int
    shift: int


_ONE = _Factor(1 << 30, 1)


def scaled_fields(context: Context, params: PairParams) -> dict[str, int]:
    """The fields of the kernel's struct, beside those of the rows."""
    bias, left, factors = context.target.bias, 0, (_ONE, _ONE)
    if isinstance(params, CommonScalePairParams):
        left = params.left_shift
        factors = (
            _Factor(params.input1_multiplier, params.input1_shift),
            _Factor(params.input2_multiplier, params.input2_shift),
        )
    result, below = _results(params)
    return {
        "zero1": bias - params.input1_offset,
        "zero2": bias - params.input2_offset,
        "left": left,
        "multiplier1": factors[0].multiplier,
        "shift1": factors[0].shift,
        "multiplier2": factors[1].multiplier,
        "shift2": factors[1].shift,
        "multiplier": result.multiplier,
        "shift": result.shift,
        "multiplier_below": below.multiplier,
        "shift_below": below.shift,
        "zero": params.output_offset + bias,
        "low": params.activation_min + bias,
        "high": params.activation_max + bias,
    }


def _results(params: Any) -> tuple[_Factor, _Factor]:
    """The factors of the result, and where PRELU's first input is negative."""
    if isinstance(params, PreluParams):
        return (
            _Factor(params.output_multiplier_1, params.output_shift_1),
            _Factor(params.output_multiplier_2, params.output_shift_2),
        )
    if isinstance(params, ComparisonParams):
        return _ONE, _ONE
    factor = _Factor(params.output_multiplier, params.output_shift)
    return factor, factor
