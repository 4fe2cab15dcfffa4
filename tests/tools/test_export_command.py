"""``ember-infer export``: from a model file to a folder of C, and what it does on emulated boards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ember_infer_firmware.boards import board_named
from tests.conftest import REPOSITORY
from tests.firmware.programs import board_tools
from tests.support.stateful_models import running_sum

SINE = str(REPOSITORY / "models" / "sine.tflite")


def export(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ember_infer_tools.cli", "export", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONPATH": str(REPOSITORY), **environment},
    )


def refused(*arguments: str | Path, cwd: Path, **environment: str) -> str:
    """What a command says that does nothing."""
    before = sorted(cwd.rglob("*"))
    done = export(*arguments, cwd=cwd, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert sorted(cwd.rglob("*")) == before
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def m4() -> None:
    board_tools(board_named("cortex-m4"))


def test_a_folder_is_written_and_told_of(tmp_path: Path) -> None:
    done = export(SINE, "-o", "my firmware", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "my firmware: sine, with reference kernels; README.md says how to call it"
    assert lines[1].startswith("weights ")
    assert (tmp_path / "my firmware" / "src" / "sine.c").exists()


def test_a_name_is_the_users(tmp_path: Path) -> None:
    assert export(SINE, "-o", "out", "--name", "Detector", cwd=tmp_path).returncode == 0
    assert "int Detector_run(" in (tmp_path / "out" / "src" / "Detector.h").read_text()


def test_what_a_board_does_is_shown(tmp_path: Path, m4: None) -> None:
    done = export(SINE, "-o", "out", "--verify", "m4", "--size", "--samples", "5", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    titles, values = (line.split() for line in done.stdout.splitlines()[2:4])
    assert " ".join(titles) == "board runs given bytes compared different instructions code weights arena stack static"
    assert values[:5] == ["cortex-m4", "5", "0", "5", "0"]
    assert values[-1] == "0"


def test_sizes_alone_are_of_cortex_m4(tmp_path: Path, m4: None) -> None:
    done = export(SINE, "-o", "out", "--size", cwd=tmp_path)
    titles, values = (line.split() for line in done.stdout.splitlines()[2:4])
    assert titles == ["board", "code", "weights", "arena", "stack", "static"]
    assert values[0] == "cortex-m4"


def test_json_says_all(tmp_path: Path, m4: None) -> None:
    np.save(tmp_path / "real.npy", np.zeros((2, 1), np.int8))
    arguments = (SINE, "-o", "out", "--inputs", "real.npy", "--verify", "cortex-m4", "--samples", "3", "--json")
    found = json.loads(export(*arguments, cwd=tmp_path).stdout)
    assert found["name"] == "sine"
    assert found["kernels"] == "reference"
    assert "src/sine.c" in found["files"]
    (board,) = found["boards"]
    assert (board["board"], board["runs"], board["compared"], board["differing"]) == ("cortex-m4", 3, 3, 0)
    assert board["sizes"]["code"] > 100
    assert (board["given"], found["selftest"]["given"], found["warnings"]) == (2, 2, [])
    assert found["arena"]["length"] == board["arena"]


def test_a_model_with_state_is_verified_as_a_sequence(tmp_path: Path, m4: None) -> None:
    (tmp_path / "sum.tflite").write_bytes(running_sum(initial=5))
    done = export("sum.tflite", "-o", "out", "--verify", "m4", "--samples", "7", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split()[:5] == ["cortex-m4", "7", "0", "32", "0"]  # 4 bytes of state


def test_a_board_that_answers_otherwise_is_a_finding(tmp_path: Path, m4: None) -> None:
    """Its compiler gets other weights than were written."""
    name = board_named("cortex-m4").compiler
    compiler = tmp_path / "tools" / name
    compiler.parent.mkdir()
    change = "sed -i 's/ 1[0-9],/ 99,/g' *_weights.c 2>/dev/null"
    compiler.write_text(f'#!/bin/sh\n{change}\nexec {shutil.which(name)} "$@"\n')
    compiler.chmod(0o755)
    path = f"{compiler.parent}:{os.environ['PATH']}"
    done = export(SINE, "-o", "out", "--verify", "m4", "--samples", "20", cwd=tmp_path, PATH=path)
    assert (done.returncode, done.stderr) == (1, "")
    assert 0 < int(done.stdout.splitlines()[-1].split()[4]) <= 20


def test_answers_that_are_all_the_same_are_warned_of(tmp_path: Path, m4: None) -> None:
    np.save(tmp_path / "same.npy", np.zeros((9, 1), np.int8))
    arguments = (SINE, "-o", "out", "--inputs", "same.npy", "--verify", "m4", "--samples", "3")
    done = export(*arguments, cwd=tmp_path)
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("warning: ")] == [
        f"warning: {where}: all 9 answers are the same, which proves little: --inputs brings real samples"
        for where in ("the self-test", "cortex-m4")
    ]
    found = json.loads(export(*arguments, "--force", "--json", cwd=tmp_path).stdout)
    assert len(found["warnings"]) == 2
    assert (found["selftest"]["distinct"], found["boards"][0]["distinct"]) == (1, 1)


def test_no_room_on_a_board_is_said_before_anything_is_written(shared: Path, tmp_path: Path) -> None:
    board_tools(board_named("cortex-m0"))
    large = shared / "models" / "person_detect.tflite"
    done = export(large, "-o", "out", "--verify", "m0", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: person_detect does not fit on cortex-m0" in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_existing_export_is_replaced_by_force_alone(tmp_path: Path) -> None:
    assert export(SINE, "-o", "out", cwd=tmp_path).returncode == 0
    assert "out: it holds an export already: --force" in refused(SINE, "-o", "out", cwd=tmp_path)
    assert export(SINE, "-o", "out", "--force", cwd=tmp_path).returncode == 0


def test_nothing_is_written_where_something_is_wrong(tmp_path: Path) -> None:
    assert "no board 'm1': there are cortex-m0," in refused(SINE, "-o", "out", "--verify", "m1", cwd=tmp_path)
    assert "kernels must be 'reference'" in refused(SINE, "-o", "out", "--kernels", "fast", cwd=tmp_path)
    assert "'no name'" in refused(SINE, "-o", "out", "--name", "no name", cwd=tmp_path)
    assert "samples.npy" in refused(SINE, "-o", "out", "--inputs", "samples.npy", cwd=tmp_path)
    assert "missing.tflite" in refused("missing.tflite", "-o", "out", cwd=tmp_path)


def test_without_tools_the_packages_are_named_before_anything_is_written(tmp_path: Path) -> None:
    said = refused(SINE, "-o", "out", "--verify", "rv32", cwd=tmp_path, PATH=str(tmp_path))
    assert "riscv64-unknown-elf-gcc and qemu-system-riscv32" in said
    assert "picolibc-riscv64-unknown-elf" in said
