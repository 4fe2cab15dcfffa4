"""What goes wrong with functions of one element is caught by the suite, and named."""

from __future__ import annotations

import re

import pytest

from tests.conformance.test_toys import conformance

MISTAKES = (
    ("RealFunctions", "ties of logistic", "the real function, rounded: not gemmlowp's fixed point"),
    ("UnsignedTables", "hard_swish", "the table read as if its index had no sign: it begins at 0 instead of -128"),
    ("ClampingRelu", "relu", "a clamp alone: not requantised to the output's scale"),
    ("RoundsTiesAway", "round", "ties go away from zero, not to even"),
)


@pytest.mark.parametrize(("toy", "case", "said"), MISTAKES, ids=[toy for toy, *_ in MISTAKES])
def test_a_mistake_is_caught_and_named(toy: str, case: str, said: str) -> None:
    tests = "test_a_call_gives_what_the_definition_says or test_the_bug_is_not_here"
    printed = conformance(f"--backend=tests.conformance.lookup_toys:{toy}", "-k", f"({tests}) and {case.split()[-1]}")
    assert re.search(rf"^_+ test_\w+\[{toy}-{case}\] _+$", printed, flags=re.MULTILINE), printed
    assert said in printed, printed
