"""The versions of Python on this machine that the project supports."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

__all__ = ["pythons", "supported"]


def supported(metadata: str) -> list[str]:
    """The versions that the classifiers of a pyproject.toml name."""
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', metadata)


def pythons(versions: list[str]) -> dict[str, str | None]:
    """For each version an interpreter that runs: of ``PATH``, or of pyenv, whose names on ``PATH`` may lead nowhere."""
    return {version: next((path for path in _candidates(version) if _is(path, version)), None) for version in versions}


def _candidates(version: str) -> list[str]:
    on_path = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    return [*([on_path] if on_path else []), *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]


def _is(path: str, version: str) -> bool:
    command = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return result.stdout.strip() == version
