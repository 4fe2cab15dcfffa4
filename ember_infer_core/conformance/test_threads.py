"""One backend object, many threads, each with parameters of its own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ember_infer_core.conformance.calls import BoundCall, Outcome, bind_call
from ember_infer_core.conformance.definition import expected_of
from ember_infer_core.conformance.expected import Expected, output_size
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.conformance.subject import Subject, check_outcome
from ember_infer_core.ops import OPERATORS

_THREADS = 4
_ROUNDS = 30


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as the interpreter can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize("cache", [False, True], ids=["single", "prepared"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_threads_do_not_meet(subject: Subject, operator: str, cache: bool, restless: None) -> None:
    """Calls that are right alone are made from several threads at once."""
    subject.require(operator)
    calls = [one for one in drawn(operator, 40) if not subject.excused(operator, one)]
    largest = sorted(calls, key=lambda params: -output_size(params))[:_THREADS]
    work = []
    for params in largest:
        expected, bound = expected_of(operator, params), bind_call(subject.backend, operator, params)
        bound.params.cache = {} if cache else None
        if bound.run(subject.backend, expected).right(expected):
            work.append((params, expected, bound))
    if not work:
        pytest.skip("wrong even alone, as other tests report")
    for params, expected, outcome in _at_once(subject, work):
        how = f"one of {len(work)} threads, each with parameters of its own"
        note = "state: the backend is not re-entrant; the same calls are right when made one after the other"
        check_outcome(operator, params, expected, outcome, how, notes=(note,))


def _at_once(subject: Subject, work: list[tuple[Any, Expected, BoundCall]]) -> list[tuple[Any, Expected, Outcome]]:
    """Calls made at the same time; for each thread the first outcome that is not right, or the last one."""
    start = threading.Barrier(len(work))
    found: list[tuple[Any, Expected, Outcome]] = []

    def repeat(params: Any, expected: Expected, bound: BoundCall) -> None:
        start.wait()
        for _ in range(_ROUNDS):
            outcome = bound.run(subject.backend, expected)
            if not outcome.right(expected):
                break
        found.append((params, expected, outcome))

    threads = [threading.Thread(target=repeat, args=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
