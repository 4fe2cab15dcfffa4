"""Exported code under gcc's sanitizers: nothing is read or written outside its memory, nothing undefined computed, and
the bytes are RefBackend's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.firmware.trials import drawn_cases, stateful_trials, trials_of_calls, trials_of_cases
from tests.firmware.unity import Trial, assert_equal_to_reference, build, run
from tests.support.debian import debian_program
from tests.support.effort import draws, left_to_ci

SANITIZED = ("-std=c99", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off")
_LISTS_EACH = 5  # of drawn models in one program: some 100

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="for gcc's sanitizers on Linux")


@pytest.fixture(scope="session")
def gcc() -> str:
    """A gcc with its sanitizers."""
    return debian_program("gcc", "gcc")


def assert_sound(trials: list[Trial], gcc: str, folder: Path) -> None:
    """All of them give RefBackend's bytes, and the sanitizers have nothing to say."""
    results = run(build(trials, [gcc, *SANITIZED], folder), trials)
    for trial, found in zip(trials, results, strict=True):
        assert_equal_to_reference(trial, found)


@left_to_ci
def test_calls_of_every_operator_stay_within_their_memory(gcc: str, tmp_path: Path) -> None:
    assert_sound(list(trials_of_calls(each=draws(ordinary=2, deep=20))), gcc, tmp_path)


@left_to_ci
def test_random_models_stay_within_their_memory(gcc: str, tmp_path: Path) -> None:
    """A model of every operator of the generator, and small graphs, a few times over; the deep profile draws on."""
    lists = drawn_cases(draws(ordinary=_LISTS_EACH, deep=20 * _LISTS_EACH))
    for start in range(0, len(lists), _LISTS_EACH):
        folder = tmp_path / str(start)
        folder.mkdir()
        trials = [trial for cases in lists[start : start + _LISTS_EACH] for trial in trials_of_cases(cases)]
        assert_sound(trials, gcc, folder)


def test_state_stays_within_its_memory(gcc: str, tmp_path: Path) -> None:
    assert_sound(list(stateful_trials()), gcc, tmp_path)
