"""What the command line answers in the end: exit statuses that hold, help that is read, names that are short."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.tools.test_command_line import CLI, DOORS, SINE, run

DIGITS = str(REPOSITORY / "models" / "digits.tflite")
WRONG = """
from ember_infer_core import FallbackBackend
from ember_infer_ref import RefBackend

class Wrong(RefBackend):
    def softmax(self, params):
        super().softmax(params)
        params.output[...] ^= 1

class OneKernel:
    def max_pool(self, params): ...

def factory():
    return FallbackBackend(OneKernel(), RefBackend())
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(WRONG)
    return tmp_path


# Exit statuses


def test_bench_fails_where_a_backend_answers_something_else(mine: Path) -> None:
    wrong = run(CLI, "bench", DIGITS, "-b", "mine:Wrong", "--against", "none", "--turns", "1", cwd=mine)
    assert wrong.returncode == 1, wrong.stderr
    assert "wrong: Wrong, predict, Wrong, session" in wrong.stdout
    told = run(CLI, "bench", DIGITS, "-b", "mine:Wrong", "--against", "none", "--turns", "1", "--json", cwd=mine)
    assert (told.returncode, json.loads(told.stdout)["measured"][0]["equal"]) == (1, False)
    assert run(CLI, "bench", DIGITS, "-b", "ref", "--against", "none", "--turns", "1").returncode == 0


def test_bench_does_not_fail_for_another_runtime(litert: None) -> None:
    """XNNPACK rounds in its own way."""
    result = run(CLI, "bench", DIGITS, "-b", "ref", "--against", "litert", "--turns", "1", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["measured"][0]["is_backend"] is False


@pytest.mark.parametrize(
    "command", [["--a", "ref", "--b", "mine:Wrong"], ["--a", "ref", "--b", "mine:Wrong", "--json"]]
)
def test_compare_finds_a_difference_though_its_reader_leaves(mine: Path, command: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", CLI, "compare", DIGITS, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=mine,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 1
    process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes streams")
@pytest.mark.parametrize("door", DOORS)
def test_a_closed_output_is_an_error(door: list[str]) -> None:
    shell = f'"{sys.executable}" -m {door[0]} expand "{SINE}" >&-'
    result = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == "error: standard output is closed: there is nowhere to write to\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes streams")
def test_a_closed_error_stream_hears_nothing() -> None:
    shell = f'"{sys.executable}" -m {CLI} expand nowhere.tflite 2>&-'
    result = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", "")


# What is printed


def test_what_expand_prints_cannot_be_imported_by_mistake(tmp_path: Path) -> None:
    (tmp_path / "detector.py").write_text(run(CLI, "expand", SINE, "--class-name", "Detector").stdout)
    result = run("detector", cwd=tmp_path)
    assert result.returncode == 1
    said = "ImportError: this is to be read, not imported: write @ember_model('sine.tflite') above class Detector"
    assert result.stderr.splitlines()[-1] == said


@pytest.mark.parametrize("command", ["inspect", "expand", "bench", "compare"])
def test_a_path_steers_no_terminal(tmp_path: Path, command: str) -> None:
    sides = {"compare": ["--a", "ref", "--b", "ref"], "bench": ["-b", "ref", "--against", "none", "--turns", "1"]}
    there, gone, damaged = (tmp_path / f"\x1b[31m{name}.tflite" for name in ("there", "gone", "damaged"))
    there.write_bytes(Path(SINE).read_bytes())
    damaged.write_bytes(Path(SINE).read_bytes()[:500])
    for path in (there, gone, damaged):
        result = run(CLI, command, str(path), *sides.get(command, []))
        assert result.returncode == (0 if path is there else 2), result.stderr
        assert "\x1b" not in result.stdout + result.stderr
        if path is not there:
            assert f"?[31m{path.name[5:]}" in result.stderr


@pytest.mark.parametrize(
    "command", [(), ("inspect",), ("compare",), ("bench",), ("build",), ("cache",), ("cache", "clear")]
)
def test_help_is_short_for_flags(command: tuple[str, ...]) -> None:
    shown = run(CLI, *command, "-h")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == run(CLI, *command, "--help").stdout
    assert "<bool>" not in shown.stdout


# Names


@pytest.mark.parametrize("spec", ["mine:factory", "mine:OneKernel,", "ref,rounding=single"])
def test_inspect_takes_what_compare_takes(mine: Path, spec: str) -> None:
    result = run(CLI, "inspect", DIGITS, "--backend", spec.rstrip(","), cwd=mine)
    if spec.endswith(","):  # a class, but of no backend
        assert "OneKernel is not a class derived from KernelBackend" in result.stderr
    else:
        assert result.returncode == 0, result.stderr


def test_the_projects_own_backends_have_short_names(tflm_wheel: None) -> None:
    result = run(CLI, "compare", DIGITS, "--a", "ref,rounding=float", "--b", "ref", "--samples", "1")
    assert result.returncode == 1, result.stderr
    assert "A  ember_infer_ref:RefBackend,rounding=float" in result.stdout
    assert "or one of ref, native, esp, esp-p4" in run(CLI, "inspect", SINE, "-b", "refs").stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("ember-infer ins", {"inspect"}),
        ("ember-infer inspect --chec", {"--check"}),
        ("ember-infer compare --a r", {"ref"}),
        ("ember-infer compare --b ", {"ref", "native", "esp", "esp-p4", "tflm", "litert", "dumps:"}),
        ("ember-infer bench -b na", {"native"}),
    ],
)
def test_a_shell_completes(words: str, offered: set[str]) -> None:
    asked = {"_EMBER_INFER_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    result = subprocess.run(
        [sys.executable, "-m", CLI], capture_output=True, text=True, check=False, env={**os.environ, **asked}
    )
    assert set(result.stdout.split()) == offered, result.stderr
