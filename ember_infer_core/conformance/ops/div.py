"""DIV, FLOOR_DIV and FLOOR_MOD."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.cases import Definition, OperatorCases, Params
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.pairs import (
    OPERANDS_SWAPPED,
    PLAIN,
    draw_dtype,
    draw_shapes,
    pair_content,
    plain_result,
)
from ember_infer_core.ops.div import prepare, prepare_floor_div, prepare_floor_mod
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]


def _define(params: Params) -> AnyArray:
    """Source: TFLM ``reference_ops::Div``."""
    return plain_result(params, np.divide if params.dtype == np.float32 else _cut_off)


def _cut_off(values: AnyArray, divisors: AnyArray) -> AnyArray:
    return np.asarray(np.sign(values) * np.sign(divisors) * (np.abs(values) // np.abs(divisors)))


def _define_floor_div(params: Params) -> AnyArray:
    """Source: TFLM ``reference_ops::FloorDiv``."""
    return _one_by_one(params, lambda value, divisor: np.float32(np.floor(np.float64(value) / np.float64(divisor))))


def _define_floor_mod(params: Params) -> AnyArray:
    """Source: TFLM ``reference_ops::FloorMod``."""

    def remainder(value: np.float32, divisor: np.float32) -> np.float32:
        if math.isinf(value) or math.isnan(value) or math.isnan(divisor) or divisor == 0:
            return np.float32(math.nan)
        cut = np.float32(math.fmod(value, divisor))  # exact
        return cut + divisor if cut != 0 and (divisor < 0) != (cut < 0) else cut

    return _one_by_one(params, remainder)


def _one_by_one(params: Params, function: Callable[[Any, Any], Any]) -> AnyArray:
    output: AnyArray = np.empty(params.output_shape, params.dtype)
    one, two = (np.broadcast_to(array, params.output_shape) for array in (params.input1, params.input2))
    with np.errstate(all="ignore"):
        for index in np.ndindex(params.output_shape):
            output[index] = function(one[index], two[index])
    return output


def _divisible(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    """What TFLM does not stop at: no divisor of 0, and of int32 none of -1, by which -2**31 cannot be divided."""
    content = pair_content(params, slot, random)
    if slot.name == "input2":
        content[content == 0] = 3
        if slot.dtype == np.int32:
            content[content == -1] = -2
    return content


def _content(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    return (pair_content if params.dtype == np.float32 else _divisible)(params, slot, random)


def _calls(drawer: CaseDrawer) -> Params:
    dtype = draw_dtype(drawer, ("float32", "int32"))
    return prepare(**draw_shapes(drawer), dtype=dtype, fused_activation=drawer.activation())


def _calls_of(drawer: CaseDrawer, prepare: Callable[..., Params]) -> Params:
    return prepare(**draw_shapes(drawer))


def _floored(define: Definition, params: Params) -> AnyArray | None:
    return None if params.dtype != np.int32 else plain_result(params, np.floor_divide)


def _in_float32(define: Definition, params: Params) -> AnyArray:
    with np.errstate(all="ignore"):
        return np.asarray(np.floor(np.divide(params.input1, params.input2)))


def _dividend_s_sign(define: Definition, params: Params) -> AnyArray:
    with np.errstate(all="ignore"):
        return np.asarray(np.fmod(params.input1, params.input2))


CASES: Mapping[str, OperatorCases] = {
    "div": OperatorCases(
        define=_define,
        calls=_calls,
        content=_content,
        mistakes={**PLAIN, **OPERANDS_SWAPPED, "int32: rounded down instead of towards zero": _floored},
        activated=True,
    ),
    "floor_div": OperatorCases(
        define=_define_floor_div,
        calls=functools.partial(_calls_of, prepare=prepare_floor_div),
        content=_divisible,
        mistakes={"divided in float32 instead of double": _in_float32},
    ),
    "floor_mod": OperatorCases(
        define=_define_floor_mod,
        calls=functools.partial(_calls_of, prepare=prepare_floor_mod),
        content=pair_content,
        mistakes={"the remainder has the dividend's sign instead of the divisor's": _dividend_s_sign},
    ),
}
