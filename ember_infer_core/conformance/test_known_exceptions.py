"""Every known exception about calls is still needed."""

from __future__ import annotations

from typing import Any

import pytest

from ember_infer_core.conformance.known import KnownException
from ember_infer_core.conformance.regressions import published_calls
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.conformance.subject import Subject
from ember_infer_core.ops import OPERATORS


def test_a_known_exception_is_still_needed(subject: Subject, known: KnownException, examples: int) -> None:
    """Expected to fail for the exception's reason; passes once no call needs it."""
    covered = [
        (operator, params)
        for operator in OPERATORS
        if known.names(operator) and subject.has(operator)
        for params in _calls(operator, examples)
        if known.covers(operator, params)
    ]
    if not covered:
        pytest.fail(
            f"the known exception {known.reason!r} covers no call of this suite: is its condition right?", False
        )
    for operator, params in covered:
        made = subject.make(operator, params)
        if made.outcome.damage:
            pytest.fail(
                f"{operator} {made.outcome.damage[0]}: an exception may excuse a wrong answer, not damage", False
            )
        if not made.right:
            pytest.xfail(f"known exception: {known.reason}")
    pytest.fail(
        f"the known exception {known.reason!r} is not needed any more: all {len(covered)} calls are right; remove it",
        False,
    )


def _calls(operator: str, examples: int) -> list[Any]:
    return [*drawn(operator, examples), *published_calls(operator)]
