"""A mistake in any family of operators is caught, and named."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.conformance.planted import PLANTED, WRONG_MEMORY
from tests.conformance.test_toys import DEFINITION, conformance


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The reports by the tests' names, from one run over all families."""
    chosen = tmp_path_factory.mktemp("planted") / "tests.txt"
    tests = [f"{DEFINITION}[{family}-{plant.operator}]" for family, plant in PLANTED.items()]
    tests += [f"{test}[{name}-{plant.operator}]" for name, (plant, test) in WRONG_MEMORY.items()]
    chosen.write_text("\n".join(tests))
    backends = [f"--backend=tests.conformance.planted:{family}" for family in (*PLANTED, *WRONG_MEMORY)]
    printed = conformance("-p", "tests.conformance.only", f"--only={chosen}", *backends)
    failures, _, _ = printed.partition(" short test summary info ")  # which, under CI, says everything again
    parts = re.split(r"^_+ (test_.*?) _+$", failures, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


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
