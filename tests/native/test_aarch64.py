"""The target for AArch64, compiled by zig's clang and run under emulation: every byte equal to RefBackend's."""

from __future__ import annotations

import importlib.util
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
from tests.native.stateful import assert_state_goes_on, programs_with_state
from tests.native.test_targets import LONG_EXAMPLES, random_samples, without_shrinking
from tests.support.models import Case

FLAGS = ("-std=gnu11", "-O2", "-DFREESTANDING", "-nostdlib", "-static")
NEON_DOT = next(target for target in TARGETS if target.name == "neon_dot")
PORTABLE = next(target for target in TARGETS if target.name == "portable")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="emulates Linux programs")


def tool(name: str, *packages: str) -> str:
    """The path of a tool of Debian's, which CI installs."""
    if shutil.which(name) is None and os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", *packages]):
            subprocess.run(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=True, timeout=300)
    path = shutil.which(name)
    if path is None:
        skip_or_fail(f"no {name}: apt-get install {' '.join(packages)}")
    return str(path)


@pytest.fixture(scope="session")
def emulator() -> list[str]:
    """An AArch64 processor, with the dot product extension."""
    return [tool("qemu-aarch64", "qemu-user"), "-cpu", "max"]


@pytest.fixture(scope="session")
def clang() -> list[str]:
    """zig's clang. Programs do without a C library: zig would first compile its own, for a minute."""
    if importlib.util.find_spec("ziglang") is None:
        skip_or_fail("the ziglang wheel is not installed: pip install 'ember-infer[native]'")
    return [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-musl"]


@pytest.fixture(scope="session")
def gcc() -> list[str]:
    """Debian's cross compiler, with the C library's headers."""
    return [tool("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross")]


def check(
    program: Program, samples: Samples, target: Target, compiler: Sequence[str], folder: Path, emulator: Sequence[str]
) -> None:
    wanted = reference(program, samples)
    for found in run_standalone(program, samples, target, compiler, FLAGS, folder, emulator):
        assert_equal(program, found, wanted)


@pytest.mark.parametrize("name", ["sine", "speech", "person_detect"])
@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")
def test_golden_outputs_are_reproduced(
    name: str, shared: Path, tmp_path: Path, clang: Sequence[str], emulator: Sequence[str]
) -> None:
    program = load_program(shared / "models" / f"{name}.tflite")
    with np.load(shared / "golden" / f"{name}.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    samples = [[sample.reshape(program.tensors[program.inputs[0]].shape)] for sample in inputs]
    found, batch = run_standalone(program, samples, NEON_DOT, clang, FLAGS, tmp_path, emulator)
    for results in (found, batch):
        np.testing.assert_array_equal(np.array([result[0].reshape(outputs.shape[1:]) for result in results]), outputs)


@pytest.mark.parametrize("target", [NEON_DOT, PORTABLE], ids=lambda target: target.name)
def test_digits_equal_the_reference(
    target: Target, tmp_path: Path, clang: Sequence[str], emulator: Sequence[str]
) -> None:
    program = load_program(REPOSITORY / "models" / "digits.tflite")
    check(program, random_samples(program, 10), target, clang, tmp_path, emulator)


@LONG_EXAMPLES
@pytest.mark.parametrize("compiler", ["clang", "gcc"])
def test_random_programs_equal_the_reference(
    compiler: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, emulator: Sequence[str]
) -> None:
    command: list[str] = request.getfixturevalue(compiler)

    @without_shrinking(ordinary=4, deep=200)
    @given(cases=case_lists())
    def check_cases(cases: list[Case]) -> None:
        folder = tmp_path_factory.mktemp("program")
        check(*join(cases), NEON_DOT, command, folder, emulator)
        shutil.rmtree(folder)

    check_cases()


@pytest.mark.parametrize("target", [NEON_DOT, PORTABLE], ids=lambda target: target.name)
def test_state_goes_on_from_run_to_run(
    target: Target, tmp_path: Path, clang: Sequence[str], emulator: Sequence[str]
) -> None:
    for program, samples in programs_with_state():
        found = run_standalone(program, samples, target, clang, FLAGS, tmp_path, emulator)
        assert_state_goes_on(program, samples, *found)
