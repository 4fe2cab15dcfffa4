"""A model that changes, disappears or returns: the modules that name it are checked again, and no others."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.effort import DEEP, IN_CI
from tests.typing.checkers import NEWEST, VERSIONS, Finding, Mypy, Result, mypy
from tests.typing.conftest import add_models

SINE, DIGITS = (REPOSITORY / "models" / name for name in ("sine.tflite", "digits.tflite"))
MODULE = 'from ember_infer_macros import ember_model\n@ember_model("{model}")\nclass Model: ...\n'
# The decorator under a new name, which another module gave it: nothing here says ember_model.
TOOLS = 'from ember_infer_macros import ember_model as net\n__all__ = ["net"]\n'
RENAMED = 'from tools import net\n@net("{model}")\nclass Model: ...\n'
APPLICATION = """from typing import Literal
import changing, constant, plain
exact: Literal[1] = changing.Model.input_len()
other: Literal[64] = constant.Model.input_len()
"""
WRONG_LENGTH = ("application.py", 3, "assignment")
NO_FILE = ("changing.py", 2, "ember-model")
MODES = {
    "files": ["--no-sqlite-cache"],
    "sqlite": ["--sqlite-cache"],
    "fine-grained": ["--cache-fine-grained"],
    "parallel": ["--num-workers=2"],
}
# The newest with its default cache; with every cache, and the oldest with its default one, in CI; all of them in the
# deep profile. mypy 1 has no workers.
CASES = [
    (version, mode)
    for version in VERSIONS
    for mode in MODES
    if (DEEP or mode == "files" or (IN_CI and version == NEWEST))
    and not (mode == "parallel" and version.startswith("1."))
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    add_models(tmp_path)
    shutil.copy(SINE, tmp_path / "model.tflite")
    (tmp_path / "tools.py").write_text(TOOLS)
    (tmp_path / "changing.py").write_text(RENAMED.format(model="model.tflite"))
    (tmp_path / "constant.py").write_text(MODULE.format(model="digits.tflite"))
    (tmp_path / "plain.py").write_text("text = 'ember_model'\n")
    (tmp_path / "application.py").write_text(APPLICATION)
    return tmp_path


@pytest.mark.parametrize(("version", "mode"), CASES)
def test_only_the_modules_that_name_a_changed_model_are_checked_again(version: str, mode: str, folder: Path) -> None:
    checker = mypy(version)

    def check() -> Result:
        return checker.check(folder, "-v", f"--cache-dir={folder / 'cache'}", *MODES[mode], "application.py")

    def findings_after(expected_abandoned: set[str]) -> set[Finding]:
        result = check()
        assert result.abandoned <= expected_abandoned, result.output
        return result.findings

    model = folder / "model.tflite"
    assert check().findings == set()
    unchanged = check()
    assert (unchanged.findings, unchanged.abandoned) == (set(), set())
    model.touch()
    assert check().abandoned == set()
    shutil.copy(DIGITS, model)
    changed = check()
    assert (changed.findings, changed.abandoned) == ({WRONG_LENGTH}, {"changing"}), changed.output
    # A module that has errors may not be in the cache at all.
    assert findings_after(set()) == {WRONG_LENGTH}
    model.unlink()
    assert findings_after({"changing"}) == {WRONG_LENGTH, NO_FILE}
    assert findings_after(set()) == {WRONG_LENGTH, NO_FILE}
    shutil.copy(SINE, model)
    assert findings_after({"changing"}) == set()


class Daemon:
    """dmypy in a folder, stopped at the end of the test."""

    def __init__(self, checker: Mypy, folder: Path) -> None:
        self.checker = checker
        self.folder = folder

    def __call__(self, command: str, *arguments: str) -> set[Finding]:
        return self.checker.run(self.folder, command, *arguments, module="mypy.dmypy").findings

    def run(self, *options: str) -> set[Finding]:
        return self("run", "--", *options, "application.py")


@pytest.fixture
def daemon(folder: Path) -> Iterator[Daemon]:
    daemon = Daemon(mypy(NEWEST), folder)
    yield daemon
    daemon("kill")


def test_a_daemon_that_is_told_to_run_notices(daemon: Daemon, folder: Path) -> None:
    model = folder / "model.tflite"
    assert daemon.run() == set()
    shutil.copy(DIGITS, model)
    assert daemon.run() == {WRONG_LENGTH}
    model.unlink()
    assert daemon("check", "application.py") == {WRONG_LENGTH}, "check has learnt to look: say so in docs/typing.md"
    assert daemon.run() == {WRONG_LENGTH, NO_FILE}
    shutil.copy(SINE, model)
    assert daemon.run() == set()
    (folder / "changing.py").write_text("\n" + MODULE.format(model="digits.tflite"))
    assert daemon.run() == {WRONG_LENGTH}


def test_a_daemon_that_starts_from_a_cache_notices_too(daemon: Daemon, folder: Path) -> None:
    # Under another name mypy itself loses the decorator here: docs/typing.md says so.
    (folder / "changing.py").write_text(MODULE.format(model="model.tflite"))
    options = (f"--cache-dir={folder / 'cache'}", "--cache-fine-grained", "--use-fine-grained-cache")
    assert daemon.checker.check(folder, *options[:2], "application.py").findings == set()
    assert daemon.run(*options) == set()
    shutil.copy(DIGITS, folder / "model.tflite")
    assert daemon.run(*options) == {WRONG_LENGTH}
