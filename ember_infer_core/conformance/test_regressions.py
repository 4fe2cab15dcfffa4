"""The published bugs of ESP-NN and CMSIS-NN, and their kin, by name."""

from __future__ import annotations

import pytest

from ember_infer_core.conformance.regressions import REGRESSIONS, bug_of, calls_after
from ember_infer_core.conformance.report import Evidence
from ember_infer_core.conformance.subject import Subject


@pytest.mark.parametrize("name", REGRESSIONS)
def test_the_bug_is_not_here(subject: Subject, name: str) -> None:
    operator = REGRESSIONS[name]
    subject.require(operator)
    calls = [params for params in calls_after(name) if not subject.excused(operator, params)]
    made = [subject.make(operator, params) for params in calls]
    evidence = Evidence()
    for one in made:
        evidence.add(one.params, one.expected, one.outcome)
    for one in made:
        subject.judge(one, evidence, f"{name}: {bug_of(name)}")


def test_misaligned_inputs_of_fully_connected(subject: Subject) -> None:
    """esp-nn issue 34."""
    bug = "esp-nn issue 34: an input that does not start at a multiple of 16"
    for params in calls_after("fully connected with out_ch 2"):
        if subject.excused("fully_connected", params):
            continue
        for offset in range(1, 16):
            subject.check_misaligned("fully_connected", params, {"input": offset}, published=bug)
