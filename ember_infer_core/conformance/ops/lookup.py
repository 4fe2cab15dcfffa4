"""Functions of one element: by the table that comes with the parameters, or by the rule; and their mistakes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.cases import Content, Definition, OperatorCases, Params, Rule
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.mistakes import changed, swapped
from ember_infer_core.slots import AnyArray

__all__ = ["LOOKUP", "REQUANTIZED", "Float32Array", "by_table", "draw_lookup", "function_cases"]

Float32Array: TypeAlias = npt.NDArray[np.float32]


def by_table(params: Params) -> AnyArray:
    """Of inputs of 8 bits, what the table says, element by element: it begins with that of the type's least value."""
    least = -128 if params.input_dtype == np.int8 else 0
    bits = params.input if params.input_dtype == np.int8 else params.input.view(np.uint8)
    return np.asarray(params.table[bits.astype(np.int64) - least])


def draw_lookup(drawer: CaseDrawer, *dtypes: str) -> dict[str, Any]:
    """Shape, type (the first is the commonest) and, of int8, quantisations."""
    shape = drawer.shape(0, 5)
    fields: dict[str, Any] = {"input_shape": shape, "output_shape": shape, "dtype": drawer.dtype(*dtypes)}
    if fields["dtype"] == np.int8:
        fields |= {"input_quant": drawer.quant(), "output_quant": drawer.quant()}
    return fields


def function_cases(
    calls: Callable[[CaseDrawer], Params],
    real: Callable[[Float32Array, Params], AnyArray],
    *,
    quantized: Definition = by_table,
    mistakes: Mapping[str, Rule] | None = None,
    content: Content = any_content,
    ulp: int = 0,
) -> OperatorCases:
    """Cases of a function of int8 or float32.

    Args:
        calls: see :class:`OperatorCases`.
        real: its definition over float32.
        quantized: its definition over int8.
        mistakes: beside :data:`LOOKUP`.
        content, ulp: see :class:`OperatorCases`.
    """

    def define(params: Params) -> Result:
        if params.input_dtype != np.float32:
            return quantized(params)
        with np.errstate(all="ignore"):
            return real(params.input, params).astype(np.float32)

    return OperatorCases(define=define, calls=calls, content=content, mistakes={**LOOKUP, **(mistakes or {})}, ulp=ulp)


def _as_unsigned(define: Definition, params: Params) -> Result | None:
    """The table begins at 0 instead of -128."""
    if params.input.dtype != np.int8:
        return None
    return define(dataclasses.replace(params, input=params.input ^ np.int8(-128)))


def _without_zero_point(name: str) -> Rule:
    return changed(lambda params: {name: dataclasses.replace(getattr(params, name), zero_point=0)})


LOOKUP: Mapping[str, Rule] = {
    "the table read as if its index had no sign: it begins at 0 instead of -128": _as_unsigned,
    "the input itself, through no table": lambda define, params: (
        params.input.copy() if params.input_dtype == params.output_dtype else None
    ),
}

# Of operators whose definitions use the quantisations.
REQUANTIZED: Mapping[str, Rule] = {
    "the input's zero point ignored": _without_zero_point("input_quant"),
    "the output's zero point ignored": _without_zero_point("output_quant"),
    "quantisations of input and output swapped": swapped("input_quant", "output_quant"),
}
