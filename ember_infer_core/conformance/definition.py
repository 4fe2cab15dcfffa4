"""What every operator is to give, straight from its definition: slow, exact, apart from any kernel."""

from __future__ import annotations

from typing import Any

from ember_infer_core.conformance.arithmetic import Rounding
from ember_infer_core.conformance.expected import Expected, as_outputs
from ember_infer_core.conformance.ops import cases_of
from ember_infer_core.slots import AnyArray, Role, bound

__all__ = ["defined", "expected_of"]


def expected_of(operator: str, params: Any) -> Expected:
    """What one call of ``operator``, a method of :class:`KernelBackend`, bound but for its outputs, is to give."""
    cases = cases_of(operator)
    outputs = as_outputs(params, cases.define(params))
    states = {name: array.copy() for name, array in bound(params, Role.STATE).items()}
    return Expected(outputs, cases.ulp, states)


def defined(operator: str, params: Any, rounding: Rounding = "double") -> AnyArray:
    """The output of one call of an operator that has one output; in another dialect, where the operator has them."""
    define = cases_of(operator).define
    (output,) = as_outputs(params, define(params) if rounding == "double" else define(params, rounding)).values()
    return output
