"""What is checked before a commit is what ``make lint types`` checks, and so what CI checks."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import Any

import yaml

from tests.conftest import REPOSITORY


def hooks() -> list[dict[str, Any]]:
    (repository,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local", "other repositories would be fetched from a network"
    found: list[dict[str, Any]] = repository["hooks"]
    return found


def commands_of_make(*targets: str) -> list[str]:
    """What make would run, with the environment ready."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--dry-run", "--no-print-directory", "--old-file=.venv/.dev", "VENV=.venv", *targets]
    result = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def test_hooks_are_what_make_runs() -> None:
    entries = [shlex.split(hook["entry"]) for hook in hooks()]
    without_shell = [words[2] if words[:2] == ["sh", "-c"] else shlex.join(words) for words in entries]
    assert without_shell == commands_of_make("lint", "types")


def test_hooks_run_in_the_project_s_environment_over_everything() -> None:
    for hook in hooks():
        assert hook["language"] == "system", "pre-commit would make an environment of its own"
        assert hook["pass_filenames"] is False


def test_the_environment_that_hooks_run_in_is_made_without_running_anything() -> None:
    assert commands_of_make("setup") == ["echo '.venv is ready'"]
