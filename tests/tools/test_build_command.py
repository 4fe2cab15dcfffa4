"""``ember-infer build``: from a model file to a folder that runs without a compiler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ember_infer_native.artifact import MANIFEST, host_machine
from ember_infer_native.targets import choose_target
from ember_infer_native.toolchain import host_isa
from tests.conftest import REPOSITORY

SINE = str(REPOSITORY / "models" / "sine.tflite")
HOST = choose_target(host_isa()).name
ELSEWHERE = ("aarch64", "neon_dot") if host_machine().processor == "x86_64" else ("x86_64", "avx2")
USE = """
import sys
sys.modules["ziglang"] = None
from ember_infer_macros import ember_model
from ember_infer_native import NativeBackend

@ember_model(sys.argv[2])
class Sine: ...

print(round(float(Sine.predict(NativeBackend(artifacts=sys.argv[1]), 1.57)), 1))
"""


def build(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ember_infer_tools.cli", "build", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONPATH": str(REPOSITORY), **environment},
    )


def test_a_folder_is_made_told_of_and_used_without_a_compiler(tmp_path: Path) -> None:
    made = build(SINE, "-o", "my models", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stderr == ""
    rows = [line.split() for line in made.stdout.splitlines()]
    assert rows[0] == ["model", "target", "machine", "compiler", "size", "build"]
    assert [row[:2] for row in rows[1:3]] == [["sine", HOST], ["(operators)", HOST]]
    assert rows[1][-1] == "s"
    assert "NativeBackend(artifacts='my models')" in made.stdout
    assert {entry["model"] for entry in json.loads((tmp_path / "my models" / MANIFEST).read_text())["libraries"]} == {
        "sine",
        "(operators)",
    }
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "CC"}
    used = subprocess.run(
        [sys.executable, "-c", USE, "../my models", SINE],
        capture_output=True,
        text=True,
        check=False,
        cwd=elsewhere,
        env={**environment, "PATH": "", "PYTHONPATH": str(REPOSITORY)},
    )
    assert (used.returncode, used.stdout) == (0, "1.0\n"), used.stderr
    again = build(SINE, "-o", "my models", cwd=tmp_path)
    assert "was there" in again.stdout.splitlines()[2]


def test_source_writes_c_in_place_of_libraries(tmp_path: Path) -> None:
    made = build(SINE, "-o", "c", "--source", "--target", "portable", cwd=tmp_path)
    assert (made.returncode, made.stdout) == (0, f"{Path('c') / 'sine-portable'}\n"), made.stderr
    assert "model.c" in os.listdir(tmp_path / "c" / "sine-portable")


def test_the_help_has_examples(tmp_path: Path) -> None:
    shown = build("--help", cwd=tmp_path).stdout
    assert "ember-infer build model.tflite -o compiled" in shown.split("Examples")[1]
    assert "--target all" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([SINE], "Missing option '--output' / '-o'"),
        (["-o", "out"], "Missing argument 'MODEL'"),
        (["nowhere.tflite", "-o", "out"], "nowhere.tflite: no such file"),
        ([SINE, "-o", "out", "--target", "mmx"], "unknown target 'mmx'"),
        ([SINE, "-o", "out", "--target", ELSEWHERE[1]], f"is for {ELSEWHERE[0]}"),
        ([SINE, "-o", "out", "--machine", "z80"], "unknown processor 'z80'"),
        ([SINE, "-o", SINE], "sine.tflite is a file, not a folder of compiled models"),
        ([SINE, "-o", str(REPOSITORY)], "so that it is not of ember-infer build: name another folder"),
    ],
)
def test_whatever_is_wrong_is_one_line_and_nothing_is_made(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = build(*arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_compiler_that_does_not_work_is_one_line(tmp_path: Path) -> None:
    result = build(SINE, "-o", "out", cwd=tmp_path, CC="/nowhere/cc")
    assert result.returncode == 2
    assert result.stderr.startswith("error: CC='/nowhere/cc' names no program")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
