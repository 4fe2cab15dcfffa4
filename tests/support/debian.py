"""Programs of Debian's that tests need: there, or installed, or a reason to skip."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ember_infer_native.file_lock import file_lock
from tests.conftest import skip_or_fail

_PATIENCE = 600.0


def debian_program(name: str, *packages: str) -> str:
    """The path of a program. CI, where it runs as root, installs it; elsewhere its absence is a skip that says how."""
    if shutil.which(name) is None and os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        with file_lock(Path(tempfile.gettempdir()) / "ember-infer-tests-apt.lock", _PATIENCE):  # workers take turns
            for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
                environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                subprocess.run(["apt-get", *command], env=environment, check=True, stdout=subprocess.DEVNULL)
    path = shutil.which(name)
    if path is None:
        skip_or_fail(f"no {name}: apt-get install {' '.join(packages)}")
    return str(path)
