"""The target for AArch64, compiled by zig's clang and run under emulation: every byte equal to RefBackend's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from ember_infer_core import Program
from ember_infer_macros import load_program
from ember_infer_native.targets import TARGETS, Target
from tests.conftest import REPOSITORY, skip_or_fail
from tests.native.random_programs import Samples, assert_equal, case_lists, join, reference
from tests.native.standalone import run_standalone
from tests.native.test_targets import LONG_EXAMPLES, random_samples, without_shrinking
from tests.support.models import Case

EMULATORS = ("qemu-aarch64", "qemu-aarch64-static")
PACKAGE = "qemu-user"
FLAGS = ("-std=gnu11", "-O2", "-DFREESTANDING", "-nostdlib", "-static")
NEON_DOT = next(target for target in TARGETS if target.name == "neon_dot")
PORTABLE = next(target for target in TARGETS if target.name == "portable")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="emulates Linux programs")


def found_emulator() -> str | None:
    return next((path for name in EMULATORS if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def emulator() -> list[str]:
    """An AArch64 processor, with the dot product extension; CI installs it."""
    if found_emulator() is None and os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", PACKAGE]):
            subprocess.run(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=True, timeout=300)
    program = found_emulator()
    if program is None:
        skip_or_fail(f"no {EMULATORS[0]}: apt-get install {PACKAGE}")
    return [str(program), "-cpu", "max"]


@pytest.fixture(scope="session")
def compiler() -> list[str]:
    """A cross compiler. Programs do without a C library: zig would first compile its own, for a minute."""
    pytest.importorskip("ziglang", reason="the ziglang wheel is not installed: pip install 'ember-infer[native]'")
    return [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-musl"]


def check(
    program: Program, samples: Samples, target: Target, compiler: Sequence[str], folder: Path, emulator: Sequence[str]
) -> None:
    wanted = reference(program, samples)
    for found in run_standalone(program, samples, target, compiler, FLAGS, folder, emulator):
        assert_equal(program, found, wanted)


@pytest.mark.parametrize("name", ["sine", "speech", "person_detect"])
@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")
def test_golden_outputs_are_reproduced(
    name: str, shared: Path, tmp_path: Path, compiler: Sequence[str], emulator: Sequence[str]
) -> None:
    program = load_program(shared / "models" / f"{name}.tflite")
    with np.load(shared / "golden" / f"{name}.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    samples = [[sample.reshape(program.tensors[program.inputs[0]].shape)] for sample in inputs]
    found, batch = run_standalone(program, samples, NEON_DOT, compiler, FLAGS, tmp_path, emulator)
    for results in (found, batch):
        np.testing.assert_array_equal(np.array([result[0].reshape(outputs.shape[1:]) for result in results]), outputs)


@pytest.mark.parametrize("target", [NEON_DOT, PORTABLE], ids=lambda target: target.name)
def test_digits_equal_the_reference(
    target: Target, tmp_path: Path, compiler: Sequence[str], emulator: Sequence[str]
) -> None:
    program = load_program(REPOSITORY / "models" / "digits.tflite")
    check(program, random_samples(program, 10), target, compiler, tmp_path, emulator)


@LONG_EXAMPLES
def test_random_programs_equal_the_reference(
    tmp_path_factory: pytest.TempPathFactory, compiler: Sequence[str], emulator: Sequence[str]
) -> None:
    @without_shrinking(ordinary=5, deep=300)
    @given(cases=case_lists())
    def check_cases(cases: list[Case]) -> None:
        folder = tmp_path_factory.mktemp("program")
        check(*join(cases), NEON_DOT, compiler, folder, emulator)
        shutil.rmtree(folder)

    check_cases()
