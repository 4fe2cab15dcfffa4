"""``ember-infer evaluate``: what it prints, and every error as one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from ember_infer_tools.cli import main
from ember_infer_tools.evaluate import evaluate
from ember_infer_tools.evaluate.report import print_evaluation
from tests.conftest import REPOSITORY
from tests.tools.evaluate.functions import Turned
from tests.tools.evaluate.helpers import DIGITS, HELD_OUT, held_out


def run(*arguments: str | Path, cwd: Path = REPOSITORY, before: str = "") -> subprocess.CompletedProcess[str]:
    """The command, with some Python before it."""
    code = f"{before}\nfrom ember_infer_tools.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code, "evaluate", str(DIGITS), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONPATH": str(REPOSITORY)},
    )


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command says that does nothing, run in this process."""

    def say(*arguments: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", ["ember-infer", "evaluate", str(DIGITS), *map(str, arguments)])
        monkeypatch.setattr(sys, "path", list(sys.path))
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        assert (end.value.code, printed.out) == (2, "")
        assert printed.err.startswith("error: ")
        assert printed.err.count("\n") == 1
        return printed.err.removeprefix("error: ").strip()

    return say


def test_figures_and_differences_are_tables() -> None:
    sides = ("--backend", "ref", "--against", "ref,rounding=float")
    done = run("--data", HELD_OUT, *sides, "--metric", "accuracy", "--metric", "confusion", "--workers", "1")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "digits.tflite, 364 samples"
    assert lines[3].split() == ["ref", "98.63%"]
    assert lines[7].split() == ["ref,", "ref,rounding=float", "0", "141", "253", "3,640", "6", "207"]
    assert lines[8].startswith("ref, ref,rounding=float: other outputs: 1, 5, 13, ")
    assert lines[8].endswith(", and 131 more")
    assert lines[12].split() == ["0", "36", *9 * "."]


def test_json_says_all(tmp_path: Path) -> None:
    arguments = ("--data", HELD_OUT, "--backend", "ref", "--metric", "top-3", "--json", "--resume", "run.json")
    first, again = (json.loads(run(*arguments, cwd=tmp_path).stdout) for _ in range(2))
    assert first["samples"] == 364
    assert first["sides"] == [{"name": "ref", "metrics": {"top-3": 1.0}, "auc_exact": True}]
    assert (first["resumed"], again["resumed"]) == (0, 364)
    assert again["sides"] == first["sides"]


def test_another_model_is_a_side(tmp_path: Path) -> None:
    (tmp_path / "other.tflite").write_bytes(DIGITS.read_bytes())
    other = tmp_path / "other.tflite"
    arguments = ("--backend", "ref", "--against", other, "--json", "--workers", "1")
    (pair,) = json.loads(run("--data", HELD_OUT, *arguments).stdout)["pairs"]
    assert (pair["a"], pair["b"], pair["elements_differ"]) == ("ref", str(other), 0)


def test_bad_samples_end_it_or_are_named(refused: Callable[..., str], tmp_path: Path) -> None:
    images, labels = held_out()
    images = images.astype(np.float32)
    images[300, 0, 0] = np.nan
    np.savez(tmp_path / "bad.npz", images=images, labels=labels)
    arguments = ("--data", tmp_path / "bad.npz", "--backend", "ref", "--metric", "accuracy")
    assert refused(*arguments, "--workers", "1").startswith("sample 300: ")
    done = run(*arguments, "--skip-bad", "--workers", "1")
    assert done.stdout.splitlines()[0] == "digits.tflite, 363 samples, 1 bad and left out"
    assert done.stdout.splitlines()[1].startswith("  bad: sample 300: ")


def test_what_cannot_be_is_told_in_one_line(refused: Callable[..., str]) -> None:
    data = ("--data", HELD_OUT)
    ref = (*data, "--backend", "ref")
    assert refused("--data", "no.npy", "--backend", "ref") == "no.npy: no such file or folder"
    assert "write accuracy, top-K" in refused(*ref, "--metric", "best")
    assert "write module:function" in refused(*ref, "--prepare", "words")
    assert "has no function nothing" in refused(*ref, "--prepare", "json:nothing")
    assert "No module named 'nowhere'" in refused(*ref, "--prepare", "nowhere:f")
    assert "no.tflite" in refused(*ref, "--against", "no.tflite")
    nothing = refused(*data, "--backend", "nothing", "--workers", "1")
    assert nothing.startswith("backend 'nothing': ")
    assert nothing.endswith("or one of ref, native, esp, esp-p4, tflm, litert, another model.tflite")
    assert refused(*ref, "--against", "ref") == "ref is named twice (--backend, --against): name each side once"
    assert "no_folder" in refused(*ref, "--resume", "no_folder/run.json")


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("sklearn", ["--metric", "auc"]),
        ("distributed", ["--scheduler", "tcp://127.0.0.1:9"]),
        ("pyarrow", ["--data", "some.parquet"]),
        ("PIL", ["--data", "folder"]),
    ],
)
def test_without_the_extra_it_is_named(
    module: str,
    arguments: list[str],
    refused: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "some.parquet").write_bytes(b"PAR1")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.png").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    said = refused("--data", HELD_OUT, "--backend", "ref", *arguments)
    assert said.endswith(f"needs {module}: pip install 'ember-infer[evaluate]'")


def test_nothing_large_is_imported_without_need() -> None:
    heavy = "{'sklearn', 'pyarrow', 'PIL', 'dask', 'distributed', 'scipy'}"
    end = f"import atexit, sys; atexit.register(lambda: print({heavy} & sys.modules.keys(), file=sys.stderr))"
    done = run("--data", HELD_OUT, "--backend", "ref", "--workers", "1", before=end)
    assert done.stderr.strip() == "set()"


def test_names_from_files_do_not_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    images, _ = held_out()
    found = evaluate(DIGITS, images[:50], backends={"\x1b[31m[red]a": "ref", "b": Turned()})
    print_evaluation(found, Console(width=60))
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "?[31m[red]a" in shown.replace("\n", "")
