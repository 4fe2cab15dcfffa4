"""The command line, and ``python -m ember_infer_macros`` beside it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

SINE = str(REPOSITORY / "models" / "sine.tflite")
DOORS = (["ember_infer_tools.cli"], ["ember_infer_macros"])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("door", DOORS)
def test_expand_prints_python_that_compiles(door: list[str]) -> None:
    result = run(*door, "expand", SINE)
    assert result.returncode == 0, result.stderr
    compile(result.stdout, "expanded", "exec")
    assert "backend.fully_connected(layers.dense1)" in result.stdout
    assert "class SineModel:" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("door", DOORS)
def test_a_class_name_can_be_chosen(door: list[str]) -> None:
    assert "class Wave:" in run(*door, "expand", SINE, "--class-name", "Wave").stdout
    refused = run(*door, "expand", SINE, "--class-name", "no name")
    assert (refused.returncode, refused.stderr) == (2, "error: 'no name' is no name for a class\n")


@pytest.mark.parametrize("door", DOORS)
def test_an_error_is_one_readable_line(door: list[str]) -> None:
    result = run(*door, "expand", "nowhere.tflite")
    assert result.returncode == 2
    assert result.stderr.startswith("error: nowhere.tflite: no such file")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_debug_shows_the_traceback() -> None:
    result = run("ember_infer_tools.cli", "--debug", "expand", "nowhere.tflite")
    assert "Traceback" in result.stderr
    assert result.stderr.rstrip().splitlines()[-1].startswith("ember_infer_core.errors.ModelError")


def test_help_teaches() -> None:
    shown = run("ember_infer_tools.cli", "expand", "--help").stdout
    assert "cargo expand" in shown
    assert "--class-name" in shown
