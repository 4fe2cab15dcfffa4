"""Exported code under gcc's sanitizers: nothing is read or written outside its memory, nothing undefined computed, and
the bytes are RefBackend's.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given

from tests.firmware.trials import stateful_trials, trials_of_calls, trials_of_cases
from tests.firmware.unity import Trial, assert_equal_to_reference, build, run
from tests.native.random_programs import case_lists
from tests.native.test_targets import LONG_EXAMPLES, without_shrinking
from tests.support.debian import debian_program
from tests.support.effort import draws
from tests.support.models import Case

SANITIZED = ("-std=c99", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off")

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


def test_calls_of_every_operator_stay_within_their_memory(gcc: str, tmp_path: Path) -> None:
    assert_sound(list(trials_of_calls(each=draws(ordinary=2, deep=20))), gcc, tmp_path)


@LONG_EXAMPLES
def test_random_models_stay_within_their_memory(gcc: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each example has a model of every operator of the generator, and small graphs: the deep profile has thousands."""

    @without_shrinking(ordinary=1, deep=50)
    @given(cases=case_lists())
    def check(cases: list[Case]) -> None:
        folder = tmp_path_factory.mktemp("models")
        assert_sound(list(trials_of_cases(cases)), gcc, folder)
        shutil.rmtree(folder)

    check()


def test_state_stays_within_its_memory(gcc: str, tmp_path: Path) -> None:
    assert_sound(list(stateful_trials()), gcc, tmp_path)
