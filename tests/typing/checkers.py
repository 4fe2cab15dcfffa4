"""Type checkers as subprocesses, and what they said as (file, line, code): messages drift between versions.

``python -m tests.typing.checkers`` gets the oldest mypy ready, so that the tests need not.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY, skip_or_fail
from tests.support.effort import DEEP, IN_CI

__all__ = [
    "OLDEST",
    "OTHERS",
    "SEARCHED",
    "VERSIONS",
    "Finding",
    "Mypy",
    "expected",
    "install",
    "mypy",
    "pyrefly",
    "pyright",
    "ty",
    "type_completeness",
]

# The oldest mypy with binary wheels for this Python, and the ones between it and the newest, which the environment has.
_OLDEST_FOR = {(3, 13): "1.14.1", (3, 14): "1.19.1"}
OLDEST = _OLDEST_FOR.get(sys.version_info[:2], "1.11.2")
NEWEST = version("mypy")
_ALL = ["1.11.2", "1.12.1", "1.13.0", "1.14.1", "1.15.0", "1.16.1", "1.17.1", "1.18.2", "1.19.1", "1.20.2"]
_ALL += ["2.0.0", "2.1.0", "2.2.0", "2.3.1", "2.4.1"]
_OLDER = tuple(v for v in _ALL[_ALL.index(OLDEST) :] if v != NEWEST)
VERSIONS = (*(_OLDER if DEEP else (OLDEST,) if IN_CI else ()), NEWEST)

_MYPY_LINE = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]$", re.MULTILINE)
_ABANDONED = re.compile(r"Metadata abandoned for ([\w.]+): plugin configuration differs")
_EXPECTED = re.compile(r"# (?P<tag>[A-Z]+): (?P<codes>\w[\w-]*(?:, \w[\w-]*)*)")
_TY_LINE = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+):\d+: error\[(?P<code>[a-z-]+)\]", re.MULTILINE)
_PYREFLY_LINE = re.compile(r"^ERROR (?P<file>[^:\n]+):(?P<line>\d+):.*\[(?P<code>[a-z-]+)\]$", re.MULTILINE)
_TIMEOUT = 300
# Where the packages of this checkout and the types of others' are; an editable installation may be of another checkout.
SEARCHED = (REPOSITORY / "stubs", REPOSITORY)

Finding = tuple[str, int, str]


def expected(folder: Path, names: Iterable[str], tag: str) -> set[Finding]:
    """What the comments in modules announce: ``# E: code, code`` for mypy with the plugin, ``# M:`` for mypy alone,
    ``# P:`` for pyright, ``# T:`` for ty, ``# F:`` for pyrefly.
    """
    findings = set()
    for name in names:
        for number, line in enumerate((folder / name).read_text().splitlines(), 1):
            for match in _EXPECTED.finditer(line):
                if match["tag"] == tag:
                    findings |= {(name, number, code) for code in match["codes"].split(", ")}
    return findings


@dataclass(frozen=True)
class Result:
    """One run of mypy."""

    findings: set[Finding]
    output: str
    status: int

    @property
    def abandoned(self) -> set[str]:
        """Modules whose cached result no longer held because of a model; told by ``-v``."""
        return set(_ABANDONED.findall(self.output))


@dataclass(frozen=True)
class Mypy:
    """One version of mypy. The newest runs in the application's environment, others in their own, without NumPy."""

    version: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, folder: Path, *arguments: str, module: str = "mypy") -> Result:
        """Runs it in a folder; its configuration is the folder's ``mypy.ini``."""
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **self.environment}
        environment.pop("MYPYPATH", None)
        done = subprocess.run(
            [*self.command, "-m", module, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        output = done.stdout + done.stderr
        if "Traceback" in output or done.returncode not in (0, 1):
            raise AssertionError(f"mypy {self.version} {' '.join(arguments)} failed:\n{output}")
        findings = {(m["file"], int(m["line"]), m["code"]) for m in _MYPY_LINE.finditer(done.stdout)}
        return Result(findings, output, done.returncode)

    def check(self, folder: Path, *arguments: str) -> Result:
        """Type-checks, for the Python that runs the tests, with a cache that the checks of this process share."""
        cache = _cache(self.version, "--config-file=" in arguments)
        options = (f"--python-executable={sys.executable}", "--no-pretty", f"--cache-dir={cache}")
        return self.run(folder, *options, *arguments)


@functools.cache
def _cache(version: str, is_plain: bool) -> str:
    """A folder that lasts as long as this process; mypy drops a cache where the plugins differ, so there are two."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def mypy(version: str) -> Mypy:
    """A version of mypy; skips the test where it cannot be had."""
    if version == NEWEST:
        return Mypy(version, (sys.executable,))
    folder = install(version)
    if folder is None:
        skip_or_fail(f"mypy {version} cannot be installed")
    # The Python below the virtual environment, and -S leaves out its packages as well: this mypy has no NumPy, and no
    # Ember Infer but the sources.
    outside = os.path.realpath(sys.executable)
    return Mypy(version, (outside, "-S"), {"PYTHONPATH": f"{folder}{os.pathsep}{REPOSITORY}"})


def install(version: str) -> Path | None:
    """The folder with a version of mypy, beside the packages of the virtual environment; None where pip fails."""
    folder = Path(sys.prefix) / "checkers" / f"mypy-{version}"
    if folder.exists():
        return folder
    folder.parent.mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    options = ("--quiet", "--disable-pip-version-check", "--only-binary=:all:", f"--target={made}")
    command = [sys.executable, "-m", "pip", "install", *options, f"mypy=={version}", "flatbuffers"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        shutil.rmtree(made)
        return None
    try:
        made.rename(folder)  # whole or not at all, whoever else is at it
    except OSError:
        shutil.rmtree(made)
    return folder


def pyright(folder: Path) -> tuple[set[Finding], str]:
    """What pyright finds in a folder; skips the test where it does not run."""
    output = _pyright(folder)
    findings = set()
    for item in json.loads(output)["generalDiagnostics"]:
        if item["severity"] == "error":
            name = Path(item["file"]).relative_to(folder.resolve()).as_posix()
            findings.add((name, item["range"]["start"]["line"] + 1, item.get("rule", "")))
    return findings, output


def ty(folder: Path) -> tuple[set[Finding], str]:
    """What ty finds in a folder; skips the test where the version that this project pins is not there."""
    paths = [option for path in SEARCHED for option in ("--extra-search-path", str(path))]
    output = _pinned("ty", folder, "--python", sys.prefix, "--output-format=concise", *paths, ".")
    return {(m["file"], int(m["line"]), m["code"]) for m in _TY_LINE.finditer(output)}, output


def pyrefly(folder: Path) -> tuple[set[Finding], str]:
    """What pyrefly finds in a folder; skips the test where the version that this project pins is not there."""
    names = sorted(path.name for path in folder.glob("*.py"))
    paths = [option for path in (folder, *SEARCHED) for option in ("--search-path", str(path))]
    options = ("--preset=default", "--output-format=min-text", f"--python-interpreter-path={sys.executable}")
    output = _pinned("pyrefly", folder, *options, *paths, *names)
    return {(m["file"], int(m["line"]), m["code"]) for m in _PYREFLY_LINE.finditer(output)}, output


def _pinned(name: str, folder: Path, *arguments: str) -> str:
    """What ``check`` prints; their rules and messages change from release to release, so it must be the pinned one."""
    (wanted,) = re.findall(rf'"{name}==([\d.]+)"', (REPOSITORY / "pyproject.toml").read_text())
    program = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        skip_or_fail(f"{name} is not installed: pip install 'ember-infer[dev]'")
    found = _output([program, "--version"], folder).split()
    if wanted not in found:
        skip_or_fail(f"{name} is {' '.join(found)}, and the tests are for {wanted}")
    return _output([program, "check", *arguments], folder)


def _output(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


# Checkers that read the sources without a plugin, and the tag of what they find.
OTHERS = {"pyright": (pyright, "P"), "ty": (ty, "T"), "pyrefly": (pyrefly, "F")}


def type_completeness(package: str) -> Any:
    """What pyright knows of an installed package's public types."""
    output = _pyright(REPOSITORY, "--verifytypes", package, "--ignoreexternal")
    return json.loads(output)["typeCompleteness"]


def _pyright(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, *arguments]
    # --verifytypes looks for packages with the Python on the path, whatever --pythonpath says.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_TIMEOUT, check=False
    )
    if not done.stdout.startswith("{"):
        skip_or_fail(f"pyright does not run: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(0 if OLDEST not in VERSIONS or install(OLDEST) else 1)
