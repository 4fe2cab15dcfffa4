"""Two tensors that broadcast: what ADD, MUL and their like share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.conformance.arithmetic import Int64Array, Rounding, clamped, scaled
from ember_infer_core.conformance.cases import Content, Definition, OperatorCases, Params, Regression, Rule
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.mistakes import CLAMP, DIALECTS, changed, constant
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.slots import AnyArray, Int8Array, Slot

__all__ = [
    "PAIRS",
    "RESCALED_PAIRS",
    "SCALED_PAIRS",
    "Plain",
    "divisors",
    "draw_pair",
    "draw_shapes",
    "pair_cases",
    "plain_shapes",
    "requantized",
    "rescaled",
    "with_specials",
]

Plain: TypeAlias = Callable[[AnyArray, AnyArray], AnyArray]

_BROADCASTS = (
    ((2, 3, 4), (2, 3, 4)),
    ((2, 3, 4), (4,)),
    ((1,), (2, 5)),
    ((2, 1, 4), (3, 1)),
    ((1, 3, 3, 17), (1, 3, 3, 17)),
    ((1, 3, 3, 17), (1, 1, 1, 17)),
    ((), (3,)),
    ((), ()),
)
_BOUNDS: Mapping[FusedActivation, tuple[float | None, float | None]] = {
    FusedActivation.RELU: (0, None),
    FusedActivation.RELU_N1_TO_1: (-1, 1),
    FusedActivation.RELU6: (0, 6),
}
_LARGEST = float(np.finfo(np.float32).max)
_SPECIALS = np.array([np.inf, -np.inf, np.nan, -0.0, 3e38, -3e38, 1e-42], np.float32)


def draw_shapes(drawer: CaseDrawer) -> dict[str, Any]:
    """``input1_shape``, ``input2_shape`` and ``output_shape`` of a call."""
    shape1, shape2 = drawer.one_of(*_BROADCASTS)
    return {"input1_shape": shape1, "input2_shape": shape2, "output_shape": np.broadcast_shapes(shape1, shape2)}


def draw_pair(drawer: CaseDrawer, *dtypes: str, quantised: bool = True, output: bool = True) -> dict[str, Any]:
    """:func:`draw_shapes`, a type (the first is the commonest) and, of int8, quantisations.

    Args:
        drawer: draws.
        dtypes: to choose from.
        quantised: the operator looks at quantisation.
        output: at the output's, too.
    """
    fields = draw_shapes(drawer) | {"dtype": drawer.dtype(*dtypes)}
    if fields["dtype"] == np.int8 and quantised:
        fields |= {"input1_quant": drawer.quant(-6, -1), "input2_quant": drawer.quant(-6, -1)}
        if output:
            fields["output_quant"] = drawer.quant(-6, 0)
    return fields


def plain_shapes(input1: Int8Array, input2: Int8Array) -> dict[str, Any]:
    """The same, of these inputs."""
    output_shape = np.broadcast_shapes(input1.shape, input2.shape)
    return {"input1_shape": input1.shape, "input2_shape": input2.shape, "output_shape": output_shape}


def pair_cases(
    calls: Callable[[CaseDrawer], Params],
    plain: Plain,
    *,
    quantized: Definition | None = None,
    activated: bool = False,
    content: Content | None = None,
    mistakes: Mapping[str, Rule] | None = None,
    regressions: Mapping[str, Regression] | None = None,
) -> OperatorCases:
    """Cases of a function of two tensors; the arguments but these are those of :class:`OperatorCases`.

    Args:
        plain: its definition over values that stand for themselves. Integers come as int64, and the low bits of the
            result count; a fused activation is applied to it.
        quantized: its definition over int8, if these do not stand for themselves.
    """

    def define(params: Params, *rounding: Any) -> Result:
        if quantized is not None and params.dtype == np.int8:
            return quantized(params, *rounding)
        wide = np.int64 if params.dtype.kind == "i" else params.dtype
        with np.errstate(all="ignore"):
            values = np.asarray(plain(params.input1.astype(wide), params.input2.astype(wide)))
        result = values.astype(params.output_dtype)
        return _activated(params, result) if activated else result

    return OperatorCases(
        define=define,
        calls=calls,
        content=content or with_specials,
        mistakes={"the inputs swapped": _inputs_swapped, **(mistakes or {})},
        regressions=regressions or {},
        activated=activated,
    )


def _activated(params: Params, values: AnyArray) -> AnyArray:
    """Of float32 the clamp is to the largest numbers at least, so that infinities become them; NaN and -0 pass.

    Source: TFLM ``ActivationFunctionWithMinMax``.
    """
    low, high = _BOUNDS.get(params.fused_activation, (None, None))
    if values.dtype == np.float32:
        low, high = -_LARGEST if low is None else low, _LARGEST if high is None else high
    if low is not None:
        values = np.where(values < low, values.dtype.type(low), values)
    if high is not None:
        values = np.where(values > high, values.dtype.type(high), values)
    return values


def with_specials(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Any content; among float32 now and then an infinity, NaN, -0, or a number so large or small that it overflows."""
    array = any_content(params, slot, random)
    if array.dtype == np.float32:
        array[random.random(array.shape) < 0.05] = random.choice(_SPECIALS)
    return array


def divisors(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Any content, without zeros where they divide, and without the one int32 that has no opposite."""
    array = any_content(params, slot, random)
    if slot.name == "input2":
        array[array == 0] = 3
    elif array.dtype == np.int32:
        array[array == -(2**31)] = 5
    return array


def _inputs_swapped(define: Definition, params: Params) -> Result | None:
    """As if it did not matter which comes first."""
    fields = ("shape", "quant", "offset", "multiplier", "shift")
    changes: dict[str, Any] = {"input1": params.input2, "input2": params.input1}
    for name in fields:
        if hasattr(params, f"input1_{name}"):
            changes[f"input1_{name}"] = getattr(params, f"input2_{name}")
            changes[f"input2_{name}"] = getattr(params, f"input1_{name}")
    return define(dataclasses.replace(params, **changes))


# Of int8 operators whose definitions use the offsets.
PAIRS: Mapping[str, Rule] = {
    **CLAMP,
    "input1_offset ignored": constant(input1_offset=0),
    "input2_offset ignored": constant(input2_offset=0),
    "output_offset ignored": constant(output_offset=0),
}

# Of those whose definitions take a rounding, too.
SCALED_PAIRS: Mapping[str, Rule] = {**DIALECTS, **PAIRS}


def _scales_swapped(params: Params) -> dict[str, Any]:
    return {
        "input1_multiplier": params.input2_multiplier,
        "input1_shift": params.input2_shift,
        "input2_multiplier": params.input1_multiplier,
        "input2_shift": params.input1_shift,
    }


def _one_scale(params: Params) -> dict[str, Any]:
    return {"input2_multiplier": params.input1_multiplier, "input2_shift": params.input1_shift}


# Of those that bring their inputs to a common scale.
RESCALED_PAIRS: Mapping[str, Rule] = {
    **SCALED_PAIRS,
    "scales of the two inputs swapped": changed(_scales_swapped),
    "the first input's scale used for both inputs": changed(_one_scale),
}


def rescaled(params: Params, rounding: Rounding = "double") -> tuple[Int64Array, Int64Array]:
    """Both int8 inputs, less their zero points, shifted left and scaled."""
    value1 = (params.input1.astype(np.int64) + params.input1_offset) * 2**params.left_shift
    value2 = (params.input2.astype(np.int64) + params.input2_offset) * 2**params.left_shift
    return (
        scaled(value1, params.input1_multiplier, params.input1_shift, rounding),
        scaled(value2, params.input2_multiplier, params.input2_shift, rounding),
    )


def requantized(params: Params, values: AnyArray, rounding: Rounding = "double") -> AnyArray:
    """Values that int32 keeps, scaled, offset and clamped."""
    result = scaled(wrap_int32(values), params.output_multiplier, params.output_shift, rounding)
    return clamped(params, np.asarray(result + params.output_offset))
