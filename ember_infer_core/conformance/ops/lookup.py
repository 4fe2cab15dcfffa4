"""Functions of one element: random calls of them, and the mistakes that they share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import Int64Array, clamped
from ember_infer_core.conformance.cases import Content, Definition, OperatorCases, Params, Regression, Rule
from ember_infer_core.conformance.contents import any_content, every_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.mistakes import changed, swapped
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, bind

__all__ = ["LOOKUP", "REQUANTIZED", "Quantized", "Real", "as_real_function", "every_value", "function_cases"]

# The rule over int8: of the parameters and the input's values; the result is clamped to int8.
Quantized: TypeAlias = Callable[[Params, Int64Array], npt.NDArray[Any]]
# The rule over float32: of the parameters and the input, in float32 step by step or in float64.
Real: TypeAlias = Callable[[Params, npt.NDArray[np.float32]], npt.NDArray[Any]]


def _as_unsigned(define: Definition, params: Params) -> Result | None:
    """The table begins at 0 instead of -128."""
    if params.input.dtype.itemsize != 1:
        return None
    flipped = (params.input.view("u1") ^ 0x80).view(params.input.dtype)
    return define(dataclasses.replace(params, input=flipped))


def _without_zero_point(name: str) -> Rule:
    return changed(lambda params: {name: dataclasses.replace(getattr(params, name), zero_point=0)})


LOOKUP: Mapping[str, Rule] = {
    "the table read as if its index had no sign: it begins at 0 instead of -128": _as_unsigned,
}

# Of operators whose definitions use the quantisations.
REQUANTIZED: Mapping[str, Rule] = {
    "the input's zero point ignored": _without_zero_point("input_quant"),
    "the output's zero point ignored": _without_zero_point("output_quant"),
    "quantisations of input and output swapped": swapped("input_quant", "output_quant"),
}


def as_real_function(real: Real) -> Rule:
    """The mistake of a kernel that dequantises, computes real values and rounds."""

    def rule(define: Definition, params: Params) -> Result | None:
        if params.input.dtype != np.int8:
            return None
        steps = params.input.astype(np.float32) - np.float32(params.input_quant.zero_point)
        result = real(params, steps * np.float32(params.input_quant.scale)) / params.output_quant.scale
        return clamped(params, np.rint(result).astype(np.int64) + params.output_quant.zero_point)

    return rule


def every_value(prepare: Callable[..., Params], input_quant: QuantParam, output_quant: QuantParam) -> Params:
    """A bound call whose input holds each int8."""
    params = prepare(input_shape=(256,), output_shape=(256,), input_quant=input_quant, output_quant=output_quant)
    bind(params, {"input": every_int8(), "output": np.zeros(256, np.int8)})
    return params


def function_cases(
    prepare: Callable[..., Params],
    real: Real | None,
    quantized: Quantized | None = None,
    *,
    draw: Callable[[CaseDrawer, bool], dict[str, Any]] | None = None,
    mistakes: Mapping[str, Rule] | None = None,
    regressions: Mapping[str, Regression] | None = None,
    content: Content = any_content,
    ulp: int = 0,
) -> OperatorCases:
    """The cases of an operator of int8 and float32; without ``quantized`` of float32 alone, without ``real`` of int8.

    Args:
        prepare: the operator's.
        real: see :data:`Real`.
        quantized: see :data:`Quantized`.
        draw: fields of ``prepare`` beyond shapes and type, or in place of those drawn, of int8 or not.
        mistakes: beyond :data:`LOOKUP` and :data:`REQUANTIZED`.
        regressions, content: see :class:`OperatorCases`.
        ulp: see :class:`OperatorCases`; of functions from a C library, what those are off.
    """

    def define(params: Params) -> AnyArray:
        if params.input.dtype == np.float32:
            assert real is not None
            with np.errstate(all="ignore"):
                return np.asarray(real(params, params.input)).astype(np.float32)
        assert quantized is not None
        return clamped(params, quantized(params, params.input.astype(np.int64)).astype(np.int64))

    def calls(drawer: CaseDrawer) -> Params:
        shape = drawer.shape(0, 4)
        of_int8 = real is None or (quantized is not None and drawer.one_of(True, True, False))
        fields: dict[str, Any] = {"dtype": np.dtype(np.int8 if of_int8 else np.float32)}
        if of_int8:
            fields |= {"input_quant": drawer.quant(), "output_quant": drawer.quant()}
        fields |= draw(drawer, of_int8) if draw else {}
        return prepare(input_shape=shape, output_shape=shape, **fields)

    shared = {**LOOKUP, **REQUANTIZED} if quantized else {}
    return OperatorCases(
        define=define,
        calls=calls,
        content=content,
        mistakes={**shared, **(mistakes or {})},
        regressions=regressions or {},
        ulp=ulp,
    )
