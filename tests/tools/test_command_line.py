"""The command line, and ``python -m ember_infer_macros`` beside it."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY

SINE = str(REPOSITORY / "models" / "sine.tflite")
CLI = "ember_infer_tools.cli"
DOORS = ([CLI], ["ember_infer_macros"])
COMMANDS = ("inspect", "compare", "bench", "report", "expand", "stubs", "cache")


def run(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a module in a pipe, where the variables that steer colours and width are as given here."""
    steering = {"NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"}
    inherited = {name: value for name, value in os.environ.items() if name not in steering}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env=inherited | {"PYTHONIOENCODING": "utf-8"} | environment,
    )


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
    shown = run(CLI, "expand", "--help").stdout
    assert "cargo expand" in shown
    assert "--class-name" in shown


@pytest.mark.parametrize("command", ["inspect", "compare", "bench", "report", "expand", "stubs"])
def test_every_help_has_examples(command: str) -> None:
    shown = run(CLI, command, "--help").stdout
    assert "Examples" in shown
    assert f"ember-infer {command} " in shown.split("Examples")[1]


def test_without_arguments_the_commands_are_shown_in_order_with_the_exit_statuses() -> None:
    shown = run(CLI)
    assert shown.returncode == 0
    named = [line.split()[1] for line in shown.stdout.splitlines() if line[2:].startswith(COMMANDS)]
    assert named == list(COMMANDS)
    assert "Exit status" in shown.stdout
    assert shown.stdout == run(CLI, "--help").stdout


def test_the_version_is_shown() -> None:
    assert run(CLI, "--version").stdout.startswith("ember-infer")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspect"], "Missing argument 'MODEL'. (see ember-infer inspect --help)"),
        (["inspect", SINE, "--nothing"], "No such option: --nothing"),
        (["nothing"], "No such command 'nothing'. (see ember-infer --help)"),
        (["inspect", "nowhere.tflite"], "nowhere.tflite: no such file"),
        (["inspect", str(REPOSITORY / "models")], "models: cannot be read: is a directory"),
        (["inspect", str(REPOSITORY / "README.md")], "not a TensorFlow Lite model"),
        (["inspect", SINE, "--backend", "nothing"], "backend 'nothing': write module:Class"),
        (["inspect", SINE, "--backend", "nothing.at_all:Backend"], "No module named 'nothing'"),
        (["inspect", SINE, "--backend", "json:JSONDecoder"], "not a class derived from KernelBackend"),
        (["inspect", SINE, "--backend", "json:loads"], "backend 'json:loads': loads() missing 1 required"),
        (["expand", SINE, "--class-name", "class 1"], "'class 1' is no name for a class"),
        (["stubs", "nowhere.py"], "error: nowhere.py: no such file or directory\n"),
    ],
)
def test_whatever_is_wrong_is_one_line(arguments: list[str], message: str) -> None:
    result = run(CLI, *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert message.lower() in result.stderr.lower()


def gelus(count: int) -> bytes:
    """A model of so many operators that are not supported."""
    writer = ModelWriter()
    tensors = [writer.tensor(f"t{index}", (4,), scale=1.0) for index in range(count + 1)]
    for before, after in itertools.pairwise(tensors):
        writer.operator("GELU", [before], [after])
    return writer.finish(tensors[:1], tensors[-1:])


def test_a_model_that_is_not_supported_is_one_line_that_names_all_and_says_where_to_look(tmp_path: Path) -> None:
    model = str(tmp_path / "gelus.tflite")
    Path(model).write_bytes(gelus(42))
    result = run(CLI, "expand", model)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    for number in range(40):
        assert f"operator {number} GELU (int8 -> int8): this operator is not supported" in result.stderr
    assert "; and 2 more (" in result.stderr
    assert f"ember-infer inspect {model}" in result.stderr


def test_the_documentation_shows_what_inspect_prints() -> None:
    pytest.importorskip("ember_esp")
    printed = run(CLI, "inspect", "models/digits.tflite", cwd=REPOSITORY, COLUMNS="100").stdout
    lines = "\n".join(line.rstrip() for line in printed.splitlines()).strip()
    assert lines.startswith("models/digits.tflite: 13 operators")
    assert lines in (REPOSITORY / "docs" / "inspect.md").read_text(encoding="utf-8")


def test_debug_counts_wherever_it_stands() -> None:
    for arguments in (["--debug", "inspect", "nowhere.tflite"], ["inspect", "nowhere.tflite", "--debug"]):
        result = run(CLI, *arguments)
        assert result.returncode == 1
        assert "Traceback" in result.stderr


def test_a_warning_is_one_line(shared: Path) -> None:
    result = run(CLI, "expand", str(shared / "models" / "person_detect.tflite"))
    assert result.returncode == 0
    assert result.stderr.startswith("warning: ")
    assert result.stderr.count("\n") == 1


def test_inspect_prints_the_report() -> None:
    result = run(CLI, "inspect", SINE)
    assert (result.returncode, result.stderr) == (0, "")
    for part in ("3 operators, all supported", "FULLY_CONNECTED", "288", "Arena", "stuck-channel"):
        assert part in result.stdout


def test_colours_vanish_in_a_pipe_and_on_request() -> None:
    assert "\x1b" not in run(CLI, "inspect", SINE).stdout
    assert "\x1b[3" in run(CLI, "inspect", SINE, FORCE_COLOR="1").stdout
    assert "\x1b[3" not in run(CLI, "inspect", SINE, FORCE_COLOR="1", NO_COLOR="1").stdout


def test_a_terminal_without_the_characters_gets_others() -> None:
    result = run(CLI, "inspect", SINE, PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Arena" in result.stdout


def test_inspect_prints_json() -> None:
    told = json.loads(run(CLI, "inspect", SINE, "--json").stdout)
    assert (told["supported"], told["macs"]) == (True, 288)


def test_inspect_check_fails_for_a_warning_and_not_for_a_hint(shared: Path) -> None:
    assert run(CLI, "inspect", SINE, "--check").returncode == 0  # three units that never fire
    assert run(CLI, "inspect", str(shared / "models" / "person_detect.tflite"), "--check").returncode == 1


def test_inspect_check_fails_for_a_model_that_is_not_supported(shared: Path) -> None:
    model = str(shared / "models" / "keyword_scrambled_8bit.tflite")
    assert run(CLI, "inspect", model).returncode == 0
    assert run(CLI, "inspect", model, "--check").returncode == 1


BACKEND = """
from ember_infer_ref import RefBackend

class MyBackend(RefBackend):
    @classmethod
    def softmax_scratch_size(cls, num_classes):
        return 12345
"""


def test_inspect_takes_a_backend_from_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(BACKEND)
    digits = str(REPOSITORY / "models" / "digits.tflite")
    result = run(CLI, "inspect", digits, "--backend", "mine:MyBackend", cwd=tmp_path)
    assert "MyBackend" in result.stdout
    assert "12,345" in result.stdout


@pytest.mark.parametrize("command", [["inspect", SINE], ["inspect", SINE, "--json"], ["expand", SINE]])
def test_a_reader_that_stops_early_is_no_error(command: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", CLI, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 0
    process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_prints_nothing(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import sys, time\nprint('waiting', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen(
        [sys.executable, "-m", CLI, "inspect", SINE, "--backend", "slow:Backend"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().strip() == ""
        assert process.wait() == 130
