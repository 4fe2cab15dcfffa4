"""What goes wrong with functions of one element is caught by the suite, and named."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.conformance.test_toys import DEFINITION, REGRESSION, failures

TOYS = "tests.conformance.lookup_toys"
MISTAKES = (
    ("RealFunctions", f"{REGRESSION}[*-ties of logistic]", "the real function, rounded: not gemmlowp's fixed point"),
    (
        "UnsignedTables",
        f"{DEFINITION}[*-hard_swish]",
        "the table read as if its index had no sign: it begins at 0 instead of -128",
    ),
    ("ClampingRelu", f"{DEFINITION}[*-relu]", "a clamp alone: not requantised to the output's scale"),
    ("RoundsTiesAway", f"{DEFINITION}[*-round]", "ties go away from zero, not to even"),
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The report of each test that fails."""
    tests = [test.replace("*", toy) for toy, test, _ in MISTAKES]
    return failures(tmp_path_factory.mktemp("lookup"), tests, [f"{TOYS}:{toy}" for toy, *_ in MISTAKES])


@pytest.mark.parametrize(("toy", "test", "said"), MISTAKES, ids=[toy for toy, *_ in MISTAKES])
def test_a_mistake_is_caught_and_named(reports: Mapping[str, str], toy: str, test: str, said: str) -> None:
    assert said in reports[test.replace("*", toy)]
