"""What mistake explains a wrong answer: the definition once more under each mistaken rule, compared element by element.

A mistake is the likelier the more of the calls seen it explains, wrong ones and right ones alike; one that explains all
of them is the mistake, as a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.cases import Definition, Rule
from ember_infer_core.conformance.expected import Expected, Outputs, as_outputs
from ember_infer_core.conformance.ops import cases_of

__all__ = ["Seen", "Suspicion", "likely_mistakes", "places"]

_FEW = 3  # mistakes that are named where none explains everything


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One call that was made: its parameters with the inputs bound, what it is to give, and what it gave."""

    params: Any
    expected: Expected
    got: Outputs

    @property
    def wrong(self) -> bool:
        """Whether any element differs."""
        return not self.expected.met_by(self.got)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A mistake that explains one wrong call, and how many of the others it explains."""

    name: str
    wrong: int
    right: int


def likely_mistakes(operator: str, call: Seen, others: Sequence[Seen]) -> list[Suspicion]:
    """The mistakes that give what this call gave: those that explain all other calls too, or else the best few."""
    cases, found = cases_of(operator), []
    for name, rule in cases.mistakes.items():
        if _explains(rule, cases.define, call):
            explained = [one for one in others if _explains(rule, cases.define, one)]
            wrong = sum(one.wrong for one in explained)
            found.append(Suspicion(name, wrong, len(explained) - wrong))
    found.sort(key=lambda one: -(one.wrong + one.right))
    complete = [one for one in found if one.wrong + one.right == len(others)]
    return complete or found[:_FEW]


def _explains(rule: Rule, define: Definition, one: Seen) -> bool:
    with np.errstate(all="ignore"):
        result = rule(define, one.params)
    if result is None:
        return not one.wrong
    return Expected(as_outputs(one.params, result), one.expected.ulp).met_by(one.got)


def places(wrong: npt.NDArray[np.bool_]) -> Iterator[str]:
    """Where in an output the wrong elements all lie, if that is telling."""
    found = np.argwhere(wrong)
    axes = {4: ("image", "row", "column", "channel"), 2: ("row", "column")}.get(wrong.ndim, ())
    for axis, name in enumerate(axes):
        size, along = wrong.shape[axis], np.unique(found[:, axis])
        if size > 1 and len(along) == 1:
            last = {0: "the first", size - 1: "the last"}.get(int(along[0]))
            yield f"{last} {name}" if last else f"{name} {int(along[0])}"
