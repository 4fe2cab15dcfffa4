"""Functions of two tensors for random models: those of int8, and float32 ones between DEQUANTIZE and QUANTIZE."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from tests.support.models import Activation, ModelDrawer

    Pair: TypeAlias = Callable[[ModelDrawer, Activation, "Activation | None"], Activation]
    Natural: TypeAlias = Callable[[float, float], float]

__all__ = ["PAIRS"]

ACTIVATED = ("ADD", "SUB", "MUL", "DIV")
FLOAT_OPERATORS = (*ACTIVATED, "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")


def _larger(scale1: float, scale2: float) -> float:
    return max(scale1, scale2)


def _square(scale1: float, scale2: float) -> float:
    return 64.0 * max(scale1, scale2) ** 2


def _sloped(scale1: float, scale2: float) -> float:
    return scale1 * max(1.0, 64.0 * scale2)


def _of_int8(
    drawer: ModelDrawer, input: Activation, other: Activation | None, operator: str, natural: Natural
) -> Activation:
    first, second = drawer.operands(input, other)
    shape = np.broadcast_shapes(first.shape, second.shape)
    output = drawer.activation(shape, drawer.output_scale(natural(first.scale, second.scale)))
    options: dict[str, Any] = {"activation": drawer.clamp()} if operator in ACTIVATED else {}
    drawer.writer.operator(operator, [first.index, second.index], [output.index], **options)
    return drawer.note(f"{operator} {options}", (first.index, second.index), output)


def _add_n(drawer: ModelDrawer, input: Activation, other: Activation | None) -> Activation:
    """The same tensor several times, because all must have one quantisation; ``other`` stays unread."""
    inputs = [input.index] * drawer.integer(2, 5)
    output = drawer.activation(input.shape, drawer.output_scale(len(inputs) * input.scale))
    drawer.writer.operator("ADD_N", inputs, [output.index])
    return drawer.note("ADD_N", inputs, output)


def _of_float32(drawer: ModelDrawer, input: Activation, other: Activation | None) -> Activation:
    """As the converter leaves an operator that it does not quantise."""
    operator = drawer.one_of(FLOAT_OPERATORS)
    operands = drawer.operands(input, other)
    reals: list[int] = []
    for operand in operands:
        reals.append(drawer.writer.tensor(f"real{len(drawer.listing)}_{len(reals)}", operand.shape, "float32"))
        drawer.writer.operator("DEQUANTIZE", [operand.index], [reals[-1]])
    shape = np.broadcast_shapes(operands[0].shape, operands[1].shape)
    result = drawer.writer.tensor(f"real{len(drawer.listing)}", shape, "float32")
    options: dict[str, Any] = {"activation": drawer.clamp()} if operator in ACTIVATED else {}
    drawer.writer.operator(operator, reals, [result], **options)
    output = drawer.activation(shape, drawer.output_scale(math.sqrt(operands[0].scale * operands[1].scale)))
    drawer.writer.operator("QUANTIZE", [result], [output.index])
    return drawer.note(f"{operator} of float32 {options}", [operand.index for operand in operands], output)


# Each takes a tensor and, unless it draws its own, the other one.
PAIRS: Mapping[str, Pair] = {
    "add_n": _add_n,
    "float32": _of_float32,
    "maximum": functools.partial(_of_int8, operator="MAXIMUM", natural=_larger),
    "minimum": functools.partial(_of_int8, operator="MINIMUM", natural=_larger),
    "prelu": functools.partial(_of_int8, operator="PRELU", natural=_sloped),
    "squared_difference": functools.partial(_of_int8, operator="SQUARED_DIFFERENCE", natural=_square),
    "sub": functools.partial(_of_int8, operator="SUB", natural=_larger),
}
