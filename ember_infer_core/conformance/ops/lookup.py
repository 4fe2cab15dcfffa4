"""Functions of one element: the mistakes that they share."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ember_infer_core.conformance.cases import Definition, Params, Rule
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.mistakes import changed, swapped

__all__ = ["LOOKUP"]


def _as_unsigned(define: Definition, params: Params) -> Result | None:
    """The table begins at 0 instead of -128."""
    if params.input.dtype.itemsize != 1:
        return None
    flipped = (params.input.view("u1") ^ 0x80).view(params.input.dtype)
    return define(dataclasses.replace(params, input=flipped))


def _without_zero_point(name: str) -> Rule:
    return changed(lambda params: {name: dataclasses.replace(getattr(params, name), zero_point=0)})


# Of operators whose definitions use the quantisations.
LOOKUP: Mapping[str, Rule] = {
    "the table read as if its index had no sign: it begins at 0 instead of -128": _as_unsigned,
    "the input's zero point ignored": _without_zero_point("input_quant"),
    "the output's zero point ignored": _without_zero_point("output_quant"),
    "quantisations of input and output swapped": swapped("input_quant", "output_quant"),
}
