"""Mistakes that any operator may make, as rules: the definition once more, of other parameters or another dialect."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ember_infer_core.conformance.arithmetic import Rounding
from ember_infer_core.conformance.cases import Definition, Params, Rule
from ember_infer_core.conformance.expected import Result

__all__ = ["CLAMP", "DIALECTS", "Change", "changed", "constant", "swapped"]

Change: TypeAlias = Callable[[Params], dict[str, Any] | None]

_NOWHERE = 2**62  # clamps at none of the values that a result can have before the clamp


def changed(change: Change) -> Rule:
    """The rule that takes the parameters for others; None where they are right."""

    def rule(define: Definition, params: Params) -> Result | None:
        changes = change(params)
        if changes is None or not all(hasattr(params, name) for name in changes):
            return None
        return define(dataclasses.replace(params, **changes))

    return rule


def constant(**changes: Any) -> Rule:
    """The rule that takes some attributes for constants."""
    return changed(lambda params: changes)


def swapped(first: str, second: str) -> Rule:
    """The rule that takes two attributes for one another."""
    return changed(lambda params: {first: getattr(params, second), second: getattr(params, first)})


def rounded(rounding: Rounding) -> Rule:
    """The rule that rounds in another dialect."""
    return lambda define, params: define(params, rounding)


# Of int8 results that have an activation range. Without one of its ends, the low 8 bits remain of what lies beyond.
CLAMP: Mapping[str, Rule] = {
    "the fused activation ignored: clamped to -128..127 alone": constant(activation_min=-128, activation_max=127),
    "no lower clamp (at -128 or the activation's): values below it wrap": constant(activation_min=-_NOWHERE),
    "no upper clamp (at 127 or the activation's): values above it wrap": constant(activation_max=_NOWHERE),
    "wraps to 8 bits instead of saturating": constant(activation_min=-_NOWHERE, activation_max=_NOWHERE),
}

# Of operators whose definitions take a rounding.
DIALECTS: Mapping[str, Rule] = {
    "rounding `single`: one rounding of the 64-bit product, instead of TFLM's two": rounded("single"),
    "rounding `float`: a float32 product rounded half to even, as in XNNPACK": rounded("float"),
    "rounding `no-nudge`: the first of TFLM's two roundings is a floor": rounded("no-nudge"),
    "ties of the second rounding go toward zero instead of away from it": rounded("half-to-zero"),
    "one rounding of the 64-bit product, half toward zero, instead of TFLM's two": rounded("single-half-to-zero"),
    "each rounding adds a half and divides, which cuts toward zero: wrong below zero": rounded("cut-off"),
    "one rounding, which adds a half and divides, cutting toward zero: wrong below zero": rounded("single-cut-off"),
}
