"""Builds that are ended or killed: nothing half done stays, and others cannot write to what is done."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from ember_infer_core import Program
from ember_infer_native.artifact import MANIFEST, host_machine
from ember_infer_native.artifact_build import build_artifact
from ember_infer_native.file_lock import file_lock
from ember_infer_native.toolchain import Compiler
from tests.native.artifact.folders import HOST, SINE
from tests.native.processes import PATIENCE, command, wait_for, waiting_compiler

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="POSIX alone has these signals")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_build_that_is_ended_leaves_nothing_behind(
    tmp_path: Path, c_compiler: Compiler, built: Path, ending: signal.Signals, is_new: bool
) -> None:
    folder = tmp_path / "compiled"
    if not is_new:
        shutil.copytree(built, folder)
    before = {path.name for path in folder.iterdir()} if folder.exists() else None
    (tmp_path / "hold").touch()
    words = [sys.executable, "-m", "ember_infer_tools.cli", "build", str(SINE), "-o", str(folder)]
    process = command(words, CC=waiting_compiler(tmp_path, c_compiler))
    try:
        wait_for((tmp_path / "waiting").exists)
        process.send_signal(ending)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        (tmp_path / "hold").unlink()
    assert process.returncode in (128 + ending, 1, -ending)
    assert ({path.name for path in folder.iterdir()} if folder.exists() else None) == before


def test_what_a_killed_build_left_goes_with_the_next(tmp_path: Path, sine: Program, pretended: object) -> None:
    folder = tmp_path / "compiled"
    dead, alive = folder / ".building-dead", folder / ".building-alive"
    for work in (dead, alive):
        work.mkdir(parents=True)
        (work / "library").write_bytes(b"half")
    (dead / "lock").touch()
    with file_lock(alive / "lock", 0.0):
        build_artifact([sine], folder, [HOST], host_machine())
        assert not dead.exists()
        assert (alive / "library").exists()
    assert (folder / MANIFEST).exists()


def test_others_cannot_write_to_what_is_built_whatever_the_umask(
    tmp_path: Path, sine: Program, pretended: object
) -> None:
    folder = tmp_path / "above" / "compiled"
    before = os.umask(0)
    try:
        build_artifact([sine], folder, [HOST], host_machine())
    finally:
        os.umask(before)
    for path in (folder.parent, folder, *folder.iterdir()):
        assert path.stat().st_mode & 0o022 == 0
