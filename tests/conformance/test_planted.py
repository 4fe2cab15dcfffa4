"""A mistake in any family of operators is caught, and named."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.conformance.planted import PLANTED, WRONG_MEMORY
from tests.conformance.test_toys import DEFINITION, failures


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The reports by the tests' names, from one run over all families."""
    tests = [f"{DEFINITION}[{family}-{plant.operator}]" for family, plant in PLANTED.items()]
    tests += [f"{test}[{name}-{plant.operator}]" for name, (plant, test) in WRONG_MEMORY.items()]
    backends = [f"tests.conformance.planted:{family}" for family in (*PLANTED, *WRONG_MEMORY)]
    return failures(tmp_path_factory.mktemp("planted"), tests, backends)


@pytest.mark.parametrize("family", PLANTED)
def test_a_planted_mistake_is_caught_and_named(reports: Mapping[str, str], family: str) -> None:
    plant = PLANTED[family]
    test = f"{DEFINITION}[{family}-{plant.operator}]"
    assert test in reports, f"{family} passes {test}"
    (likely,) = re.findall(r"^  likely +(.*)", reports[test], flags=re.MULTILINE)
    assert likely.startswith(plant.said), reports[test]
    explained = re.search(r"explains (\d+) of (\d+) wrong calls and (\d+) of (\d+) right ones", likely)
    assert explained, likely
    assert (explained[1], explained[3]) == (explained[2], explained[4]), likely


@pytest.mark.parametrize("name", WRONG_MEMORY)
def test_state_in_the_wrong_memory_is_caught_and_named(reports: Mapping[str, str], name: str) -> None:
    plant, test = WRONG_MEMORY[name]
    report = reports[f"{test}[{name}-{plant.operator}]"]
    assert re.search(rf"^  likely +{re.escape(plant.said)}", report, flags=re.MULTILINE), report
    assert re.search(r"^  first wrong +state\[", report, flags=re.MULTILINE), report
