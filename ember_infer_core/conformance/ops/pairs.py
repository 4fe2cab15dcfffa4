"""Two tensors that broadcast: what ADD, MUL and their like share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.cases import Definition, Params, Rule
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import CLAMP, DIALECTS, changed, constant
from ember_infer_core.ops.pairs import FLOAT32_MAX
from ember_infer_core.quantization import INT32_MAX, INT32_MIN
from ember_infer_core.slots import AnyArray, DType, Int8Array, Slot

__all__ = [
    "ARITHMETIC_TYPES",
    "OPERANDS_SWAPPED",
    "PAIRS",
    "PLAIN",
    "SCALED_PAIRS",
    "draw_dtype",
    "draw_shapes",
    "pair_content",
    "plain_result",
    "plain_shapes",
    "saturated",
]

# int8 half of the time, because it is what most calls are of.
ARITHMETIC_TYPES = ("int8", "int8", "float32", "int32")

_SPECIAL = {
    "float32": (0.0, -0.0, 1.0, -1.0, 3e38, -3e38, 1e-40, np.inf, -np.inf, np.nan),
    "int32": (0, 1, -1, 46341, INT32_MAX, INT32_MIN),
}

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


def draw_shapes(drawer: CaseDrawer) -> dict[str, Any]:
    """``input1_shape``, ``input2_shape`` and ``output_shape`` of a call."""
    shape1, shape2 = drawer.one_of(*_BROADCASTS)
    return {"input1_shape": shape1, "input2_shape": shape2, "output_shape": np.broadcast_shapes(shape1, shape2)}


def plain_shapes(input1: Int8Array, input2: Int8Array) -> dict[str, Any]:
    """The same, of these inputs."""
    output_shape = np.broadcast_shapes(input1.shape, input2.shape)
    return {"input1_shape": input1.shape, "input2_shape": input2.shape, "output_shape": output_shape}


def draw_dtype(drawer: CaseDrawer, types: tuple[str, ...] = ARITHMETIC_TYPES) -> DType:
    """The type of both inputs, by NumPy's names."""
    dtype: DType = np.dtype(drawer.one_of(*types))
    return dtype


def pair_content(params: Params, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Any values; of float32 and int32 a quarter of them are zeros, ends of the range, infinities or NaN."""
    content = any_content(params, slot, random)
    special = _SPECIAL.get(slot.dtype.name)
    if special is not None:
        chosen = random.choice(np.array(special, slot.dtype), slot.shape)
        np.copyto(content, chosen, where=random.integers(0, 4, slot.shape) == 0)
    return content


def plain_result(params: Params, function: Callable[[AnyArray, AnyArray], AnyArray]) -> AnyArray:
    """What a function of two numbers gives for float32 or int32, with the fused activation applied.

    It is given double or int64, which hold what it makes of two float32 or int32: so a sum, a difference, a product or
    a quotient is rounded, or wraps, once.
    """
    real = params.dtype == np.float32
    wide = np.float64 if real else np.int64
    with np.errstate(all="ignore"):
        result = np.asarray(function(params.input1.astype(wide), params.input2.astype(wide))).astype(params.dtype)
    low = params.float_activation_min if real else params.activation_min
    high = params.float_activation_max if real else params.activation_max
    unclamped = result.astype(wide)
    raised = np.where(unclamped < low, low, unclamped)
    return np.asarray(np.where(raised > high, high, raised)).astype(params.dtype)


def _swapped(params: Params) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(params)}
    pairs = [(name, name.replace("input1", "input2")) for name in names if name.startswith("input1")]
    return {name: getattr(params, other) for one, two in pairs for name, other in ((one, two), (two, one))}


def saturated(function: Callable[[AnyArray, AnyArray], AnyArray]) -> Rule:
    """The rule of int32 arithmetic that does not wrap."""

    def rule(define: Definition, params: Params) -> AnyArray | None:
        if params.dtype != np.int32:
            return None
        result = function(params.input1.astype(np.int64), params.input2.astype(np.int64))
        return np.clip(result, params.activation_min, params.activation_max).astype(np.int32)

    return rule


OPERANDS_SWAPPED: Mapping[str, Rule] = {"the two inputs taken for one another": changed(_swapped)}

# Of float32 and int32, whose results :func:`plain_result` clamps.
PLAIN: Mapping[str, Rule] = {
    "float32: the fused activation ignored": constant(
        float_activation_min=-FLOAT32_MAX, float_activation_max=FLOAT32_MAX
    ),
    "float32: infinities left as they are, where TFLM clamps them to the largest numbers": changed(
        lambda params: {
            name: -np.inf if value == -FLOAT32_MAX else np.inf if value == FLOAT32_MAX else value
            for name in ("float_activation_min", "float_activation_max")
            for value in (getattr(params, name),)
        }
    ),
    "int32: the fused activation ignored": changed(
        lambda params: {"activation_min": INT32_MIN, "activation_max": INT32_MAX} if params.dtype == np.int32 else None
    ),
}

# Of int8 operators whose definitions use the offsets.
PAIRS: Mapping[str, Rule] = {
    **CLAMP,
    "input1_offset ignored": constant(input1_offset=0),
    "input2_offset ignored": constant(input2_offset=0),
    "output_offset ignored": constant(output_offset=0),
}

# Of those whose definitions take a rounding, too.
SCALED_PAIRS: Mapping[str, Rule] = {**DIALECTS, **PAIRS}
