"""The tests' own tools: examples by their numbers, and the plugin that runs all that draw models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import strategies as st

from tests.campaign import operator
from tests.conftest import REPOSITORY
from tests.support import direct_draws
from tests.support.direct_draws import check_directly, example

DRAWN = st.tuples(st.integers(0, 1000), st.lists(st.floats(0, 1)), st.builds(complex, st.integers(-5, 5)))

TESTS = """
def compare_drawn(count):
    print({"equal": count, "refused by both": 1})

def test_convolution():
    compare_drawn(7)
    assert False

def test_rotation():
    compare_drawn(1000)

def test_nothing_drawn():
    assert False
"""


def test_an_example_depends_on_its_number_alone() -> None:
    examples = [example(DRAWN, number) for number in range(50)]
    assert [example(DRAWN, number) for number in reversed(range(50))] == examples[::-1]
    assert len({first for first, *_ in filter(None, examples)}) > 25


def test_what_a_filter_rejects_is_passed_over() -> None:
    seen: list[str] = []
    check_directly(st.integers(0, 9).map(str).filter(lambda word: word == "3"), seen.append, 100)
    assert set(seen) == {"3"}
    assert len(seen) < 100


def test_a_failure_names_what_repeats_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def check(value: int) -> None:
        assert value < 500

    values = st.integers(0, 1000)
    with pytest.raises(AssertionError):
        check_directly(values, check, 1000)
    number = next(number for number in range(1000) if (example(values, number) or 0) >= 500)
    assert f"EMBER_ONLY={number} repeats it" in capsys.readouterr().out
    monkeypatch.setattr(direct_draws, "ONLY", number)
    with pytest.raises(AssertionError):
        check_directly(values, check, 1)


def test_a_campaign_runs_what_draws_once_the_cheap_first_and_says_how_it_went(tmp_path: Path) -> None:
    (tmp_path / "test_sums.py").write_text(TESTS)
    campaign = ["-p", "tests.campaign", f"--campaign={tmp_path / 'log.txt'}", f"--rootdir={tmp_path}"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *campaign, str(tmp_path)]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY) for _ in range(2)
    )
    assert "1 failed, 1 passed, 1 deselected" in first.stdout
    assert "3 deselected" in second.stdout
    cheap, dear = (tmp_path / "log.txt").read_text().splitlines()
    assert cheap.split()[:5] == ["sums::rotation", "1,001", "models", "0", "differences"]
    assert dear.split()[:5] == ["sums::convolution", "8", "models", "1", "differences"]
    assert cheap in second.stdout


def test_what_is_about_one_operator_shares_its_models() -> None:
    folder = "tests/operators/test_"
    assert {
        operator(f"{folder}lookup.py::test_every_value_equals_tflm[RELU6]"),
        operator(f"{folder}float_functions.py::test_random_values_equal_tflm[RELU6]"),
    } == {"relu6"}
    assert operator(f"{folder}reduction.py::test_any_axes_equal_tflm[int8-REDUCE_MAX]") == "reduce_max"
    assert {
        operator(f"{folder}softmax.py::test_int16_results_equal_tflm"),
        operator("tests/test_against_tflm.py::test_one_operator_equals_tflm[softmax]"),
    } == {"softmax"}


def test_what_is_about_several_operators_or_pairs_of_types_shares_nothing() -> None:
    names = [
        *("pack.py::test_random_packs_equal_tflm", "pack.py::test_random_unpacks_equal_tflm"),
        *("cast.py::test_it_equals_tflm[int8-bool]", "cast.py::test_it_equals_tflm[bool-int8]"),
    ]
    assert len({operator(f"tests/operators/test_{name}") for name in names}) == len(names)
