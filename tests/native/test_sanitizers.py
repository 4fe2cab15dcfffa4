"""Generated code under gcc's sanitizers: nothing is read or written outside its memory, nothing undefined computed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given

from ember_infer_macros import load_program
from ember_infer_native.targets import Target
from tests.conftest import REPOSITORY, skip_or_fail
from tests.native.random_programs import assert_equal, case_lists, join, reference, references
from tests.native.standalone import run_standalone
from tests.native.stateful import assert_state_goes_on, programs_with_state
from tests.native.test_targets import LONG_EXAMPLES, RUNNABLE, random_samples, without_shrinking
from tests.support.contents import random_batches
from tests.support.effort import DEEP, left_to_ci
from tests.support.lstm_models import LstmModel
from tests.support.models import Case

DIGITS_ON = RUNNABLE if DEEP else RUNNABLE[:1]
FLAGS = ("-std=gnu11", "-O1", "-g", "-Wno-psabi", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="for gcc's sanitizers on Linux"), left_to_ci]


@pytest.fixture(scope="session")
def compiler() -> list[str]:
    """A gcc with its sanitizers."""
    gcc = shutil.which("gcc")
    if gcc is None:
        skip_or_fail("no gcc: apt-get install gcc")
    return [str(gcc)]


@pytest.mark.parametrize("target", DIGITS_ON, ids=lambda target: target.name)
def test_digits_stay_within_their_memory(target: Target, tmp_path: Path, compiler: list[str]) -> None:
    program = load_program(REPOSITORY / "models" / "digits.tflite")
    samples = random_samples(program, 3)
    for found in run_standalone(program, samples, target, compiler, FLAGS, tmp_path):
        assert_equal(program, found, reference(program, samples))


@LONG_EXAMPLES
@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
def test_random_programs_stay_within_their_memory(
    target: Target, tmp_path_factory: pytest.TempPathFactory, compiler: list[str]
) -> None:
    @without_shrinking(ordinary=1, deep=150)
    @given(cases=case_lists())
    def check(cases: list[Case]) -> None:
        folder = tmp_path_factory.mktemp("program")
        program, samples = join(cases)
        for found in run_standalone(program, samples, target, compiler, FLAGS, folder):
            assert_equal(program, found, reference(program, samples))
        shutil.rmtree(folder)

    check()


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
def test_state_stays_within_its_memory(target: Target, tmp_path: Path, compiler: list[str]) -> None:
    for program, samples in programs_with_state():
        assert_state_goes_on(program, samples, *run_standalone(program, samples, target, compiler, FLAGS, tmp_path))


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
@pytest.mark.parametrize("wide", [False, True], ids=["int8", "int16"])
def test_the_states_of_an_lstm_stay_within_their_memory(
    wide: bool, target: Target, tmp_path: Path, compiler: list[str]
) -> None:
    model = LstmModel(batch=2, depth=7, units=5, wide=wide, zero_points={"hidden": 3}).finish()
    program, samples = load_program(model), random_batches(model)
    standalone = run_standalone(program, samples, target, compiler, FLAGS, tmp_path)
    for found, wanted in zip(standalone, references(program, samples), strict=True):
        assert_equal(program, found, wanted)
