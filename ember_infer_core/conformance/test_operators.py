"""Every operator and attribute, in random calls, against the definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core.conformance.calls import BoundCall, bind_call
from ember_infer_core.conformance.definition import expected_of
from ember_infer_core.conformance.properties import for_all_calls, refill, snapshot
from ember_infer_core.conformance.regressions import published_calls
from ember_infer_core.conformance.report import Evidence, Finding
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.conformance.subject import Made, Subject, check_outcome
from ember_infer_core.ops import OPERATORS
from ember_infer_core.slots import Role

_every_operator = pytest.mark.parametrize("operator", OPERATORS)


@_every_operator
def test_a_call_gives_what_the_definition_says(subject: Subject, operator: str, examples: int) -> None:
    subject.require(operator)
    evidence = Evidence()

    def look(params: Any) -> Made:
        made = subject.make(operator, params)
        evidence.add(params, made.expected, made.outcome)
        return made

    def check(params: Any, data: st.DataObject) -> None:
        if not subject.excused(operator, params):
            subject.judge(look(params), evidence)

    try:
        for_all_calls(operator, examples, check)
    except Finding:
        for params in (*drawn(operator, 30), *published_calls(operator)):  # which tell mistakes apart
            if not subject.excused(operator, params):
                look(params)
        raise


@_every_operator
def test_a_prepared_call_follows_its_inputs(subject: Subject, operator: str, examples: int) -> None:
    """With a cache the constants stay as they are; the inputs do not. State goes on from call to call."""
    subject.require(operator)
    check = _repeatedly(subject, operator, (Role.INPUT,), {})
    for_all_calls(operator, max(1, examples // 4), check)


@_every_operator
def test_a_single_call_keeps_nothing(subject: Subject, operator: str, examples: int) -> None:
    """Without a cache the same buffers may hold other constants next time."""
    subject.require(operator)
    check = _repeatedly(subject, operator, (Role.INPUT, Role.CONSTANT), None)
    for_all_calls(operator, max(1, examples // 4), check)


def _repeatedly(subject: Subject, operator: str, roles: tuple[Role, ...], cache: dict[str, Any] | None) -> Any:
    """A check of three calls on the same buffers, of which those with these roles have new content each time. States
    hold what the call before left, and in the last call something else, as after a reset.
    """
    prepared = cache is not None
    how = "call {} of 3 on the same buffers, " + ("with a cache" if prepared else "without a cache")
    note = (
        "state: the call is right with a new cache; what a kernel keeps there must not depend on the inputs"
        if prepared
        else "state: the call is right in other memory; without a cache nothing may be kept, weights and bias neither"
    )

    def bind(params: Any) -> BoundCall:
        bound = bind_call(subject.backend, operator, params)
        bound.params.cache = {} if prepared else None
        return bound

    def check(params: Any, data: st.DataObject) -> None:
        if subject.excused(operator, params):
            return
        bound, random = bind(params), np.random.default_rng(1)
        for call in (1, 2, 3):
            now = snapshot(bound.params)
            expected = expected_of(operator, now)
            outcome = bound.run(subject.backend, expected)
            right_anew = not outcome.right(expected) and bind(now).run(subject.backend, expected).right(expected)
            check_outcome(operator, now, expected, outcome, how.format(call), notes=(note,) if right_anew else ())
            refill(operator, bound.params, random, roles if call == 1 else (*roles, Role.STATE))

    return check
