"""What the suite knows of one operator, written in ``ops/``, one file an operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.expected import Result
from ember_infer_core.slots import AnyArray, Slot

if TYPE_CHECKING:
    from ember_infer_core.conformance.drawing import CaseDrawer

__all__ = ["Content", "Definition", "OperatorCases", "Params", "Regression", "Rule"]

Params: TypeAlias = Any
Definition: TypeAlias = Callable[..., Result]
Rule: TypeAlias = Callable[[Definition, Params], Result | None]
Content: TypeAlias = Callable[[Params, Slot, np.random.Generator], AnyArray]


@dataclass(frozen=True, slots=True)
class Regression:
    """A bug that was published, or found, and calls that it shows in.

    Attributes:
        bug: what went wrong and where it was told.
        calls: makes the parameters of the calls. Buffers that are not bound get random content.
    """

    bug: str
    calls: Callable[[], list[Params]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCases:
    """What one operator is to do, random calls of it, and how it goes wrong.

    Attributes:
        define: from parameters whose inputs are bound to the output, or to a list of all outputs and then of what the
            states hold afterwards: exact, slow, straight from the rule, apart from any kernel, and without a change to
            what is bound. Where runtimes round in different ways it takes a second argument, one of
            :data:`ember_infer_core.conformance.arithmetic.ROUNDINGS`.
        calls: draws the parameters of a call, made by the operator's ``prepare``. Buffers that it does not bind get
            ``content``; a ValueError of ``prepare`` (scales that TFLM refuses) means that another call is drawn.
        content: new random content for a buffer, given parameters of which nothing may be bound. An operator replaces
            it where not every value will do: indices must be in range.
        mistakes: by what a report says of each, the rule that makes it: given the definition and the parameters, what
            a kernel with this mistake gives, or None where it gives the right answer.
        regressions: published bugs, by a name for each that no other operator has.
        activated: it takes a fused activation, and must refuse those that are no clamps.
        ulp: how many units in the last place a float32 output may be off.
    """

    define: Definition
    calls: Callable[[CaseDrawer], Params]
    content: Content = any_content
    mistakes: Mapping[str, Rule] = field(default_factory=dict)
    regressions: Mapping[str, Regression] = field(default_factory=dict)
    activated: bool = False
    ulp: int = 0
